//! What is offered, and what we answer.
//!
//! ```text
//!  offer ─▶ Offer::parse ─▶ plan, take ─┬─▶ for_transport, media_section ─▶ libdatachannel
//!                                       └─▶ answer ◀── Transport::parse ◀── its local description
//!  our own: OfferPlan ─▶ media_section ─▶ libdatachannel ─▶ Transport::parse ─▶ write ─▶ offer
//!                                       answer ─▶ Answer::parse ─▶ for_transport ─▶ libdatachannel
//! ```
//!
//! libdatachannel sees only what we take: it accepts unknown sections wholesale, resolves the names
//! of candidates on threads, probes every address it is told and fails on feedback lines it does
//! not know. The text that the other side reads is ours, whole.

mod answer;
mod candidate;
mod credentials;
mod offer;
mod ours;
mod section;
mod text;
mod transport;

pub use answer::{Plan, Verdict};
pub use candidate::Candidate;
pub use offer::Offer;
pub use ours::{Answer, OfferPlan, OfferedSection};
pub use sdp_types::Direction;
pub use section::{Codec, Feedback, Section, SectionKind, Sending};
pub use text::{MAX_BYTES, MAX_CANDIDATES, MAX_SECTIONS};
pub use transport::Transport;
