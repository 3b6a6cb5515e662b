//! What is offered, and what we answer.
//!
//! ```text
//!  offer ─▶ Offer::parse ─▶ plan, send, receive ─┬─▶ for_transport ──▶ libdatachannel, with one TRACK
//!                                                └─▶ answer ◀── Transport::parse ◀── its local description
//!  our own: OfferPlan ─▶ write ◀── Transport::parse ◀── its local description
//!                                answer ─▶ Answer::parse ─▶ for_transport ─▶ libdatachannel
//! ```
//!
//! libdatachannel is shown a transport and one section ([`TRACK`]), and the text that the other
//! side reads is ours, whole. From a description it would accept unknown sections wholesale,
//! resolve the names of candidates on threads, probe every address it is told and fail on feedback
//! lines it does not know.

mod answer;
mod candidate;
mod channels;
mod codec;
mod credentials;
mod exchange;
mod extmap;
mod incoming;
mod offer;
mod ours;
mod section;
mod text;
mod transport;

pub use answer::{Plan, Verdict};
pub use candidate::Candidate;
pub use channels::{DataChannels, MAX_MESSAGE};
pub use codec::{Codec, Feedback};
pub use exchange::{Exchange, Sending};
pub use incoming::Incoming;
pub use offer::Offer;
pub use ours::{Answer, OfferPlan, OfferedSection};
pub use sdp_types::Direction;
pub use section::{Section, SectionKind};
pub use text::{MAX_BYTES, MAX_CANDIDATES, MAX_SECTIONS};
pub use transport::{TRACK, Transport};
