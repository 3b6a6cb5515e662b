//! A source on the air, and the peers that watch it.

use super::options::ServerOptions;
use super::sessions::{Answered, Connection, Publication};
use crate::error::Result;
use crate::events::Events;
use crate::id::Id;
use crate::peer::{Peer, PeerOptions, PeerState};
use crate::source::Source;
use std::sync::Arc;
use std::time::Duration;

/// How long an answer may take. Without a STUN server it takes a millisecond.
const ANSWER: Duration = Duration::from_secs(2);

/// A source under a name.
pub struct Published {
    /// The source.
    pub source: Source,
    /// Where its peers tell of their lives.
    pub news: Arc<Events>,
    /// The server's options that are a peer's too.
    pub options: Arc<ServerOptions>,
}

impl Publication for Published {
    fn watch(&self, stream: &Arc<str>, offer: &str) -> Result<Answered> {
        let peer = Peer::new(PeerOptions {
            events: Some(self.news.clone()),
            stream: Some(stream.clone()),
            media_address: self.options.media_address,
            media_port: self.options.media_port,
            public_addresses: self.options.public_addresses.clone(),
            connect_timeout: Some(self.options.connect_timeout),
            ..PeerOptions::default()
        })?;
        let answer = peer.send(None, &self.source).and_then(|()| peer.answer(offer, ANSWER));
        match answer {
            Ok(answer) => Ok((Arc::new(peer), answer)),
            Err(error) => {
                peer.close();
                Err(error)
            }
        }
    }
}

impl Connection for Peer {
    fn id(&self) -> Id {
        Peer::id(self)
    }

    fn is_over(&self) -> bool {
        matches!(self.state(), PeerState::Failed | PeerState::Closed)
    }

    fn candidate(&self, candidate: &str, mid: Option<&str>) {
        // A candidate that cannot be used is no error of the session: RFC 9725 section 4.3.2.
        let _ = self.add_candidate(candidate, mid);
    }

    fn close(&self) {
        Peer::close(self);
    }
}
