//! Sources on the air and sinks that are published into, and the peers of both.

use super::options::ServerOptions;
use super::sessions::{Answered, Connection, Publication, Reception};
use super::uploads::Takers;
use crate::error::{Error, Result, Status};
use crate::events::Events;
use crate::ice;
use crate::id::Id;
use crate::ingest::{IngestOptions, Ingester};
use crate::media::Kind;
use crate::peer::{Peer, PeerOptions, PeerState};
use crate::results::Results;
use crate::sdp::Offer;
use crate::sink::Sink;
use crate::source::Source;
use std::sync::Arc;
use std::time::Duration;

/// How long an answer may take. Without a STUN server it takes a millisecond, with one two seconds at most.
const ANSWER: Duration = Duration::from_secs(5);

/// A source or a sink under a name.
pub struct Hosted<T> {
    /// The source, or the sink.
    pub end: T,
    /// Where its peers tell of their lives.
    pub news: Arc<Events>,
    /// Who takes files that its peers send.
    pub uploads: Arc<Takers>,
    /// The server's options that are a peer's too.
    pub options: Arc<ServerOptions>,
}

impl Publication for Hosted<Source> {
    fn watch(&self, stream: &Arc<str>, offer: &str) -> Result<Answered> {
        self.answer(stream, offer, |peer| peer.send(None, &self.end))
    }
}

impl Publication for Hosted<(Source, Results)> {
    fn watch(&self, stream: &Arc<str>, offer: &str) -> Result<Answered> {
        let (source, results) = &self.end;
        // A viewer that offers no data channels watches all the same.
        let takes_data = Offer::parse(offer)?.sections.iter().any(|section| section.channels.is_some());
        self.answer(stream, offer, |peer| {
            peer.send(None, source)?;
            if takes_data { peer.results(results) } else { Ok(()) }
        })
    }
}

impl Reception for Hosted<Sink> {
    fn take(&self, stream: &Arc<str>, offer: &str) -> Result<Answered> {
        whole(&Offer::parse(offer)?, |kind| self.end.has(kind))?;
        self.answer(stream, offer, |peer| peer.receive(None, &self.end))
    }

    fn ingest(&self, stream: &Arc<str>, options: IngestOptions) -> Result<Ingester> {
        Ingester::new(&self.end, Some(stream.clone()), options)
    }
}

/// A peer of the program's own.
impl Reception for Hosted<Peer> {
    fn take(&self, stream: &Arc<str>, offer: &str) -> Result<Answered> {
        self.negotiate(stream, offer, &self.end)
    }
}

impl<T> Hosted<T> {
    fn answer(
        &self,
        stream: &Arc<str>,
        offer: &str,
        attach: impl FnOnce(&Peer) -> Result<()>,
    ) -> Result<Answered> {
        let peer = Peer::new(PeerOptions {
            events: Some(self.news.clone()),
            stream: Some(stream.clone()),
            media_address: self.options.media_address,
            media_port: self.options.media_port,
            public_addresses: self.options.public_addresses.clone(),
            ice_servers: ice::usable(&self.options.ice_servers, self.options.media_port.is_some()),
            connect_timeout: Some(self.options.connect_timeout),
            ..PeerOptions::default()
        })?;
        match attach(&peer) {
            Ok(()) => self.negotiate(stream, offer, &peer),
            Err(error) => {
                peer.close();
                Err(error)
            }
        }
    }

    fn negotiate(&self, stream: &Arc<str>, offer: &str, peer: &Peer) -> Result<Answered> {
        let given = self.uploads.give(stream, peer);
        match given.and_then(|()| peer.answer(offer, ANSWER)) {
            Ok(answer) => Ok((Arc::new(peer.clone()), answer)),
            Err(error) => {
                peer.close();
                Err(error)
            }
        }
    }
}

/// Whether all that an offer sends can be taken: a publisher who does not see that half of it is
/// missing is misled (RFC 9725 section 4.4.3). One picture and one sound at most (section 4.4.2).
fn whole(offer: &Offer, takes: impl Fn(Kind) -> bool) -> Result<()> {
    let mut plan = offer.plan();
    let mut taken = Vec::new();
    let sent = |n: &usize| !offer.sections[*n].rejected && offer.sections[*n].direction.has_send();
    for n in (0..offer.sections.len()).filter(sent) {
        let Some(kind) = offer.sections[n].kind.media() else { continue };
        let name = match kind {
            Kind::Video => "video",
            Kind::Audio => "audio",
        };
        let refused = |what: String| Err(Error::new(Status::Unsupported, what));
        if taken.contains(&kind) {
            return refused(format!("the offer has two {name} sections, and one is taken"));
        }
        if !takes(kind) {
            return refused(format!("the offer has {name}, which this stream does not take"));
        }
        offer.receive(&mut plan, n)?;
        taken.push(kind);
    }
    match taken[..] {
        [] => Err(Error::new(Status::NotOffered, "the offer sends neither video nor audio")),
        _ => Ok(()),
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

    fn close(&self, _: &str) {
        Peer::close(self);
    }
}
