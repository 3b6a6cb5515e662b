//! Data channels in a description (RFC 8841).

use super::credentials::Credentials;
use super::text::value;
use sdp_types::Media;
use std::fmt::Write;

/// What a section says of the data channels in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataChannels {
    /// `a=sctp-port`.
    pub port: u16,
    /// The longest message its side takes; 0: any.
    pub max_message: u64,
}

/// The longest message that is taken, which is what browsers take.
pub const MAX_MESSAGE: usize = 256 * 1024;

/// The port that everybody writes; there is nothing else on the association.
const PORT: u16 = 5000;
/// What is taken where a section does not say: RFC 8841 section 6.1.
const UNSAID: u64 = 65_536;
/// How the section is written: RFC 8841 section 4.1.
const PROTO: &str = "UDP/DTLS/SCTP";
const FORMAT: &str = "webrtc-datachannel";

impl DataChannels {
    /// Ours.
    pub(super) fn ours() -> DataChannels {
        DataChannels { port: PORT, max_message: MAX_MESSAGE as u64 }
    }

    /// Those of an `m=application`; `None`: it is something else, or older than the RFC.
    pub(super) fn parse(media: &Media) -> Option<DataChannels> {
        let known = [PROTO, "TCP/DTLS/SCTP"].contains(&media.proto.as_str())
            && media.fmt.split_ascii_whitespace().eq([FORMAT]);
        let port = value(&media.attributes, "sctp-port")?.trim().parse().ok().filter(|port| *port != 0)?;
        let max_message = match value(&media.attributes, "max-message-size") {
            None => UNSAID,
            Some(text) => text.trim().parse().ok()?,
        };
        known.then_some(DataChannels { port, max_message })
    }

    /// The longest message that may be sent to the side that says this.
    pub fn longest(&self) -> usize {
        if self.max_message == 0 { MAX_MESSAGE } else { self.max_message.min(MAX_MESSAGE as u64) as usize }
    }

    /// The section, but for candidates. `connection` as in `c=IN …`.
    pub(super) fn write(
        &self,
        mid: &str,
        (connection, port): (&str, u16),
        credentials: &Credentials,
        out: &mut String,
    ) {
        let _ = write!(out, "m=application {port} {PROTO} {FORMAT}\r\nc=IN {connection}\r\n");
        credentials.write(out);
        let DataChannels { port, max_message } = self;
        let _ = write!(out, "a=mid:{mid}\r\na=sctp-port:{port}\r\na=max-message-size:{max_message}\r\n");
    }
}
