//! Which request gets which response: WHEP (draft-ietf-wish-whep-03), WHIP (RFC 9725), what is like it in
//! both directions, and the pages.
//! No threads, no sockets; time is an argument.

use super::fragment::Fragment;
use super::http::request::Request;
use super::http::response::Response;
use super::name;
use super::page;
use super::posts::Posts;
use super::sessions::{Listed, Opened, Refused, Role, Sessions, Trickled};
use super::websocket::{Counts, Publishing, Terms, handshake};
use crate::error::{Error, Status};
use crate::ingest::IngestOptions;
use crate::time::Time;
use parking_lot::Mutex;
use std::net::IpAddr;
use std::sync::Arc;

const SDP: &str = "application/sdp";
const FRAGMENT: &str = "application/trickle-ice-sdpfrag";

/// When to come again for what somebody else has to change.
const RETRY_SECONDS: u64 = 2;

/// The answers to all requests.
pub struct Router {
    /// Streams and sessions.
    pub sessions: Arc<Sessions>,
    /// What a viewer must bring.
    pub token: Option<String>,
    /// What a publisher must bring, where its stream has no token of its own.
    pub publish_token: Option<String>,
    /// A `Link` value for each ICE server.
    pub links: Vec<String>,
    /// Who may still POST.
    pub posts: Mutex<Posts>,
    /// How those who bring messages are treated.
    pub ingest: Terms,
    /// What came of them.
    pub ingested: Arc<Counts>,
}

enum Place {
    /// `/` and its kind.
    Page(&'static page::Page),
    /// `/streams`: the names as JSON, for the page.
    Streams,
    /// `/whep/{stream}`, `/whip/{stream}`.
    Endpoint { role: Role, stream: String },
    /// `/mirror`: a name that nobody else has.
    Mirrors,
    /// `/mirror/{stream}`: the page, and where it offers what goes both ways. Its session is one of WHIP.
    Mirror { stream: String },
    /// `/ws/{stream}`.
    Ingest { stream: String },
    /// `/whep/{stream}/{id}`, `/whip/{stream}/{id}`.
    Session { role: Role, stream: String, id: String },
}

impl Place {
    fn of(path: &str) -> Option<Place> {
        if let Some(page) = page::at(path) {
            return Some(Place::Page(page));
        }
        let segments: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
        Some(match segments[..] {
            ["streams"] => Place::Streams,
            ["watch", stream] if name::decode(stream).is_some() => Place::Page(&page::WATCH),
            ["publish", stream] if name::decode(stream).is_some() => Place::Page(&page::PUBLISH),
            ["mirror"] => Place::Mirrors,
            ["mirror", stream] => Place::Mirror { stream: name::decode(stream)? },
            ["ws", stream] => Place::Ingest { stream: name::decode(stream)? },
            [protocol, stream] => {
                Place::Endpoint { role: Role::of(protocol)?, stream: name::decode(stream)? }
            }
            [protocol, stream, id] => {
                Place::Session { role: Role::of(protocol)?, stream: name::decode(stream)?, id: id.to_owned() }
            }
            _ => return None,
        })
    }

    fn is_publishers(&self) -> bool {
        matches!(
            self,
            Place::Endpoint { role: Role::Publisher, .. }
                | Place::Session { role: Role::Publisher, .. }
                | Place::Ingest { .. }
                | Place::Mirror { .. }
        )
    }

    fn allowed(&self) -> &'static str {
        match self {
            Place::Page(_) | Place::Mirrors | Place::Streams => "GET, HEAD, OPTIONS",
            Place::Ingest { .. } => "GET, OPTIONS",
            Place::Endpoint { .. } | Place::Mirror { .. } => "GET, HEAD, OPTIONS, POST",
            Place::Session { .. } => "DELETE, GET, HEAD, OPTIONS, PATCH",
        }
    }
}

impl Router {
    /// The response to a request that came from `from`.
    pub fn answer(&self, request: &Request, from: IpAddr, now: Time) -> Response {
        let method = request.method.as_str();
        if method == "OPTIONS" && request.path == "*" {
            return Response::new(204);
        }
        let Some(place) = Place::of(&request.path) else {
            return Response::problem(404, "there is nothing at this path");
        };
        // A preflight carries no credentials: Fetch section 4.8.
        if method == "OPTIONS" {
            return self.options(&place, request);
        }
        if let Place::Page(page) = place {
            return if matches!(method, "GET" | "HEAD") { page.response() } else { not_allowed(&place) };
        }
        match (&place, method) {
            (Place::Mirror { .. }, "GET" | "HEAD") => return page::MIRROR.response(),
            (Place::Mirrors, "GET" | "HEAD") => return mirror(),
            _ => {}
        }
        if !self.may(&place, request) {
            return Response::problem(401, "a bearer token is needed, and this is not it")
                .with("WWW-Authenticate", "Bearer realm=\"framewire\"");
        }
        match (&place, method) {
            (Place::Streams, "GET" | "HEAD") => self.streams(),
            (Place::Endpoint { .. }, "GET" | "HEAD") => {
                Response::new(200).with("Content-Type", SDP).with("Accept-Post", SDP)
            }
            (Place::Endpoint { role, stream }, "POST") => self.post(*role, stream, request, from, now),
            (Place::Mirror { stream }, "POST") => self.post(Role::Publisher, stream, request, from, now),
            (Place::Ingest { stream }, "GET") => self.ingest(stream, request, from, now),
            (Place::Session { role, stream, id }, "GET" | "HEAD") => {
                match self.sessions.etag(*role, stream, id) {
                    Some(etag) => Response::new(200).with("ETag", etag),
                    None => no_session(),
                }
            }
            (Place::Session { role, stream, id }, "PATCH") => self.patch(*role, stream, id, request),
            (Place::Session { role, stream, id }, "DELETE") => match self.sessions.end(*role, stream, id) {
                true => Response::new(200),
                false => no_session(),
            },
            _ => not_allowed(&place),
        }
    }

    fn may(&self, place: &Place, request: &Request) -> bool {
        let own = match place {
            Place::Endpoint { role: Role::Publisher, stream }
            | Place::Ingest { stream }
            | Place::Mirror { stream } => self.sessions.token(stream, None),
            Place::Session { role: Role::Publisher, stream, id } => self.sessions.token(stream, Some(id)),
            _ => None,
        };
        let server = if place.is_publishers() { &self.publish_token } else { &self.token };
        let Some(token) = own.as_ref().or(server.as_ref()) else { return true };
        let given = match place {
            Place::Ingest { .. } => publishers_bearer(request),
            _ => bearer(request).map(str::to_owned),
        };
        given.is_some_and(|given| same(&given, token))
    }

    /// ICE servers are told to whom a POST would tell them, for clients that need them for their offer; not
    /// to a browser's preflight, RFC 9725 section 4.6, nor where the program decides who may publish.
    fn options(&self, place: &Place, request: &Request) -> Response {
        let response =
            Response::new(204).with("Allow", place.allowed()).with("Access-Control-Max-Age", "600");
        let open = match place {
            Place::Endpoint { role, stream } => *role == Role::Viewer || self.sessions.receives(stream),
            Place::Mirror { stream } => self.sessions.receives(stream),
            Place::Session { .. } => return response.with("Accept-Patch", FRAGMENT),
            _ => return response,
        };
        let response = response.with("Accept-Post", SDP);
        let preflight = request.header("access-control-request-method").is_some();
        if open && !preflight && self.may(place, request) { self.linked(response) } else { response }
    }

    fn linked(&self, response: Response) -> Response {
        self.links.iter().fold(response, |response, link| response.with("Link", link.clone()))
    }

    fn streams(&self) -> Response {
        let entry = |Listed { name, viewers, publishers }| {
            let counts = [("viewers", viewers), ("publishers", publishers)];
            let counts = counts.into_iter().filter_map(|(key, n)| Some((key, n?.into())));
            let name = ("name", serde_json::Value::from(&*name));
            serde_json::Value::from_iter(std::iter::once(name).chain(counts))
        };
        let streams: Vec<_> = self.sessions.list().into_iter().map(entry).collect();
        let body = serde_json::Value::from(streams).to_string().into_bytes();
        Response::new(200).body("application/json", body).with("Cache-Control", "no-store")
    }

    fn post(&self, role: Role, stream: &str, request: &Request, from: IpAddr, now: Time) -> Response {
        if let Err(seconds) = self.posts.lock().take(from, now) {
            return Response::problem(429, "too many POSTs from this address").retry_after(seconds);
        }
        if !request.is_of_type(SDP) {
            return Response::problem(415, "an offer is application/sdp").with("Accept-Post", SDP);
        }
        let Ok(offer) = std::str::from_utf8(&request.body) else {
            return Response::problem(400, "the offer is not UTF-8");
        };
        let yields = yields(request);
        let opened = match role {
            Role::Viewer => self.sessions.watch(stream, offer),
            Role::Publisher => self.sessions.take(stream, bearer(request).unwrap_or_default(), yields, offer),
        };
        match opened {
            Ok(Opened { id, etag, answer }) => {
                let location = format!("/{}/{}/{id}", role.protocol(), name::encode(stream));
                let created = Response::new(201).with("Location", location).with("ETag", etag);
                self.linked(created).body(SDP, answer.into_bytes())
            }
            Err(refused) => self::refused(refused, role, yields),
        }
    }

    fn ingest(&self, stream: &str, request: &Request, from: IpAddr, now: Time) -> Response {
        if let Err(response) = handshake::check(request) {
            return response;
        }
        let options = match handshake::sound(request) {
            Ok(options) => IngestOptions { max_message: self.ingest.message, ..options },
            Err(response) => return response,
        };
        if let Err(seconds) = self.posts.lock().take(from, now) {
            return Response::problem(429, "too many sessions from this address").retry_after(seconds);
        }
        let (token, yields) = (publishers_bearer(request).unwrap_or_default(), yields(request));
        match self.sessions.ingest(stream, &token, yields, options) {
            Ok(line) => {
                let (sessions, counts) = (self.sessions.clone(), self.ingested.clone());
                let publishing = Publishing::new(line, sessions, counts, self.ingest);
                handshake::accept(request).upgrade(move |stream, early| publishing.serve(stream, early))
            }
            Err(refused) => self::refused(refused, Role::Publisher, yields),
        }
    }

    fn patch(&self, role: Role, stream: &str, id: &str, request: &Request) -> Response {
        let Some(etag) = self.sessions.etag(role, stream, id) else { return no_session() };
        if !request.is_of_type(FRAGMENT) {
            return Response::problem(415, "a PATCH is application/trickle-ice-sdpfrag")
                .with("Accept-Patch", FRAGMENT);
        }
        // RFC 9725 section 4.3.1; `*` is how an ICE restart is asked for (4.3.3).
        match request.header("if-match") {
            None => return Response::problem(428, "If-Match is needed"),
            Some(tags)
                if !tags.split(',').any(|tag| matches!(tag.trim(), tag if tag == etag || tag == "*")) =>
            {
                return Response::problem(412, "the entity tag is not this session's");
            }
            Some(_) => (),
        }
        let text =
            std::str::from_utf8(&request.body).map_err(|_| Error::malformed("the fragment is not UTF-8"));
        match text.and_then(Fragment::parse).map(|fragment| self.sessions.trickle(id, &fragment)) {
            Ok(Trickled::Taken) => Response::new(204),
            Ok(Trickled::Restart) => {
                Response::problem(422, "an ICE restart is not supported; the session goes on as it is")
            }
            Ok(Trickled::Unknown) => no_session(),
            Err(error) => Response::problem(400, error.to_string()),
        }
    }
}

impl Role {
    fn of(protocol: &str) -> Option<Role> {
        [Role::Viewer, Role::Publisher].into_iter().find(|role| role.protocol() == protocol)
    }

    fn protocol(self) -> &'static str {
        match self {
            Role::Viewer => "whep",
            Role::Publisher => "whip",
        }
    }
}

fn not_allowed(place: &Place) -> Response {
    Response::problem(405, "this cannot be done here").with("Allow", place.allowed())
}

/// To a page of its own for each who asks.
fn mirror() -> Response {
    let name = uuid::Uuid::new_v4().simple().to_string();
    let address = format!("mirror/{}", &name[..8]);
    Response::new(307).with("Location", address).with("Cache-Control", "no-store")
}

fn no_session() -> Response {
    Response::problem(404, "there is no such session")
}

/// A publisher that comes back by itself, as our page does: RFC 9110 section 13.1.2.
fn yields(request: &Request) -> bool {
    request.header("if-none-match") == Some("*")
}

fn refused(refused: Refused, role: Role, yields: bool) -> Response {
    match refused {
        Refused::Unknown if role == Role::Publisher => {
            Response::problem(404, "this stream is not one to be published here")
        }
        Refused::Unknown => Response::problem(409, "nobody publishes this stream").retry_after(RETRY_SECONDS),
        Refused::Taken => {
            let status = if yields { 412 } else { 409 };
            Response::problem(status, "somebody else publishes this stream").retry_after(RETRY_SECONDS)
        }
        Refused::Unwanted(reason) => Response::problem(403, reason),
        Refused::Full => Response::problem(503, "every session is taken").retry_after(RETRY_SECONDS),
        Refused::Offer(error) => refused_offer(&error),
    }
}

fn refused_offer(error: &Error) -> Response {
    let detail = error.to_string();
    match error.status() {
        Status::Malformed => Response::problem(400, detail),
        Status::NotOffered | Status::Unsupported | Status::Limit => Response::problem(422, detail),
        // The source or the sink ended, and its owner has not taken it away yet.
        Status::Closed => Response::problem(409, detail).retry_after(RETRY_SECONDS),
        Status::Timeout | Status::Again => Response::problem(503, detail).retry_after(RETRY_SECONDS),
        _ => Response::problem(500, detail),
    }
}

/// The bearer token of a request: RFC 6750 section 2.1.
fn bearer(request: &Request) -> Option<&str> {
    let (scheme, token) = request.header("authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim())
}

/// The same, of one who cannot always set a header.
fn publishers_bearer(request: &Request) -> Option<String> {
    bearer(request).map(str::to_owned).or_else(|| handshake::bearer(request))
}

/// Compares in a time that depends on the length of `given` alone.
fn same(given: &str, token: &str) -> bool {
    let (given, token) = (given.as_bytes(), token.as_bytes());
    let mut different = given.len() ^ token.len();
    for (at, byte) in given.iter().enumerate() {
        different |= usize::from(std::hint::black_box(byte ^ token[at % token.len()]));
    }
    std::hint::black_box(different) == 0
}
