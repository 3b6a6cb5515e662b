//! How often one address may POST: every POST costs a certificate and a handful of threads' time.

use crate::time::Time;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

/// So many addresses are told apart; the others share one allowance.
const ADDRESSES: usize = 1024;

/// The allowances: a minute's worth at once, regained evenly.
pub struct Posts {
    /// What one POST takes off the minute.
    each: Duration,
    /// When an address has its whole minute back: in the past for those that have.
    full_at: HashMap<Option<IpAddr>, Time>,
}

impl Posts {
    /// `a_minute` is at least 1.
    pub fn new(a_minute: u32) -> Posts {
        Posts { each: Duration::from_secs(60) / a_minute, full_at: HashMap::new() }
    }

    /// Takes one POST off the allowance of `from`, or tells after how many seconds it can.
    pub fn take(&mut self, from: IpAddr, now: Time) -> Result<(), u64> {
        let mut key = Some(network(from));
        if !self.full_at.contains_key(&key) && self.full_at.len() >= ADDRESSES {
            self.full_at.retain(|_, full_at| *full_at > now);
            if self.full_at.len() >= ADDRESSES {
                key = None;
            }
        }
        let full_at = self.full_at.entry(key).or_insert(now);
        let after = (*full_at).max(now) + self.each;
        let over = after.since(now + Duration::from_secs(60));
        if over.is_zero() {
            *full_at = after;
            return Ok(());
        }
        Err(over.as_micros().div_ceil(1_000_000) as u64)
    }
}

/// A host has a whole /64 of IPv6 to call from.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Time = Time(1_000_000);

    fn v4(n: u32) -> IpAddr {
        std::net::Ipv4Addr::from_bits(n).into()
    }

    #[test]
    fn a_minutes_worth_at_once_then_one_by_one() {
        let mut posts = Posts::new(6);
        for _ in 0..6 {
            assert_eq!(posts.take(v4(1), START), Ok(()));
        }
        assert_eq!(posts.take(v4(1), START), Err(10));
        assert_eq!(posts.take(v4(2), START), Ok(()), "another address has its own");
        assert_eq!(posts.take(v4(1), START + Duration::from_secs(4)), Err(6));
        assert_eq!(posts.take(v4(1), START + Duration::from_secs(10)), Ok(()));
        assert_eq!(posts.take(v4(1), START + Duration::from_secs(10)), Err(10));
    }

    #[test]
    fn the_table_is_bounded_and_forgets() {
        let mut posts = Posts::new(1);
        for n in 0..ADDRESSES as u32 {
            assert_eq!(posts.take(v4(n), START), Ok(()));
        }
        assert_eq!(posts.take(v4(5000), START), Ok(()), "the shared allowance");
        assert_eq!(posts.take(v4(5001), START), Err(60), "which is used up");
        assert!(posts.full_at.len() <= ADDRESSES + 1);
        let later = START + Duration::from_secs(60);
        assert_eq!(posts.take(v4(5001), later), Ok(()));
        assert_eq!(posts.full_at.len(), 1);
    }

    #[test]
    fn a_network_of_ipv6_is_one_caller() {
        let mut posts = Posts::new(1);
        let address = |text: &str| text.parse().expect("an address");
        assert!(posts.take(address("2001:db8::1"), START).is_ok());
        assert!(posts.take(address("2001:db8::2"), START).is_err());
        assert!(posts.take(address("2001:db8:0:1::1"), START).is_ok());
        assert!(posts.take(address("::ffff:1.2.3.4"), START).is_ok());
        assert!(posts.take(address("1.2.3.4"), START).is_err());
    }
}
