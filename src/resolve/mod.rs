//! Which track is whose: what arrives as media, joined with what the application's own signalling says.
//!
//! The two tell of a track in either order. [`Resolver::register`] says that media arrived,
//! [`Resolver::resolve`] waits for the media of a participant; peers that are given a resolver
//! ([`crate::peer::Peer::announce`]) register by themselves.

mod book;
mod pendings;
mod types;
mod waits;

pub use types::{Arrival, Key, Outcome, ResolverStats, TrackType};
pub use waits::{Resolver, ResolverOptions};

#[cfg(test)]
mod tests;
