//! The requests of WHIP and WHEP: POST an offer, DELETE a session.

use super::address::Address;
use super::course::Failure;
use super::link;
use crate::error::{Error, Result};
use crate::ice::IceServer;
use std::time::Duration;
use ureq::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, LINK, LOCATION, RETRY_AFTER};
use ureq::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body};

/// The longest answer that is read; the longest that we write is a tenth of it.
const LONGEST_ANSWER: u64 = 64 << 10;
/// As much of an error's body as its reason is looked for in.
const LONGEST_PROBLEM: u64 = 4 << 10;
/// How long a server is waited for that may know ICE servers, and may not know OPTIONS.
const ASK: Duration = Duration::from_secs(2);
/// How often a request is sent on to another place.
const MOST_REDIRECTS: usize = 5;

/// Speaks to one server.
pub struct Http {
    agent: Agent,
    endpoint: Address,
    /// `Bearer …`; it goes to the origin of `endpoint` alone.
    authorization: Option<HeaderValue>,
    timeout: Duration,
}

/// What came of an offer.
pub struct Session {
    /// What DELETE ends.
    pub location: Option<Address>,
    /// The SDP.
    pub answer: String,
    /// What the server thinks that we need to reach it.
    pub ice_servers: Vec<IceServer>,
}

impl Http {
    /// `timeout`: how long a request may take, from the name's resolution to the last byte of the
    /// response.
    pub fn new(url: &str, token: Option<&str>, timeout: Duration) -> Result<Http> {
        let endpoint = Address::parse(url)?;
        let authorization = token.map(|token| {
            let plain = !token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic());
            let value = HeaderValue::from_str(&format!("Bearer {token}")).ok().filter(|_| plain);
            value.ok_or_else(|| Error::argument("the token is empty or holds what a header cannot carry"))
        });
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            // We follow them ourselves: ureq sends a body on to no other place.
            .max_redirects(0)
            // A proxy out of the environment would be one that nobody chose for this client.
            .proxy(None)
            .tls_config(tls)
            .user_agent(concat!("framewire/", env!("CARGO_PKG_VERSION")))
            .max_response_header_size(32 << 10)
            // A session lasts for hours; a connection kept for its DELETE would be dead by then.
            .max_idle_connections(0)
            .build()
            .new_agent();
        Ok(Http { agent, endpoint, authorization: authorization.transpose()?, timeout })
    }

    /// The ICE servers that the server tells before an offer. It may tell them with its answer instead,
    /// which is too late for a connection that cannot be given more of them (RFC 9725 section 4.6); one that
    /// tells none, or does not know the question, tells none. Whether it is there, the offer finds out.
    pub fn ice_servers(&self) -> Vec<IceServer> {
        match self.request(Method::OPTIONS, &self.endpoint, "", ASK.min(self.timeout)) {
            Ok((response, _)) if response.status().is_success() => links(response.headers()),
            Ok((response, place)) => {
                log::debug!("OPTIONS {place}: {}", response.status());
                Vec::new()
            }
            Err(failure) => {
                log::debug!("OPTIONS {}: {}", self.endpoint, failure.why());
                Vec::new()
            }
        }
    }

    /// Offers; RFC 9725 section 4.2, draft-ietf-wish-whep-03 section 4.2.
    pub fn post(&self, offer: &str) -> std::result::Result<Session, Failure> {
        let (mut response, place) = self.request(Method::POST, &self.endpoint, offer, self.timeout)?;
        let status = response.status().as_u16();
        if status != 201 {
            let why = reason(&place, &mut response);
            return Err(Failure::Refused { status, retry_after: retry_after(response.headers()), why });
        }
        let location = text(response.headers(), LOCATION).map(|location| {
            let wrong = || Failure::Wrong(format!("{place} answers with the Location {location:.120?}"));
            place.join(location).ok_or_else(wrong)
        });
        let location = location.transpose()?;
        let ice_servers = links(response.headers());
        match body(&place, &mut response) {
            Ok(answer) => Ok(Session { location, answer, ice_servers }),
            Err(failure) => {
                // What is left of it is not waited for.
                drop(response);
                // A session that we cannot use is there all the same.
                if let Some(location) = &location {
                    self.delete(location, self.timeout);
                }
                Err(failure)
            }
        }
    }

    /// Ends a session. Whether that is heard is the server's business: it finds out by itself too.
    pub fn delete(&self, session: &Address, timeout: Duration) {
        match self.request(Method::DELETE, session, "", timeout.min(self.timeout)) {
            Ok((response, place)) if !response.status().is_success() => {
                log::debug!("DELETE {place}: {}", response.status());
            }
            Ok(_) => {}
            Err(failure) => log::debug!("DELETE {session}: {}", failure.why()),
        }
    }

    /// One request, sent on as the server wishes: with method and body as they are, also where a
    /// browser would make a GET of it (RFC 9110 section 15.4.2). Who answered it in the end.
    fn request(
        &self,
        method: Method,
        to: &Address,
        body: &str,
        timeout: Duration,
    ) -> std::result::Result<(Response<Body>, Address), Failure> {
        let mut place = to.clone();
        for _ in 0..=MOST_REDIRECTS {
            let response = self.one(&method, &place, body, timeout)?;
            if !matches!(response.status().as_u16(), 301 | 302 | 307 | 308) {
                return Ok((response, place));
            }
            let there = text(response.headers(), LOCATION).and_then(|location| place.join(location));
            let there = there.ok_or_else(|| Failure::Wrong(format!("{place} redirects to nowhere")))?;
            if place.is_secure() && !there.is_secure() {
                return Err(Failure::Wrong(format!("{place} redirects to {there}, which is not encrypted")));
            }
            place = there;
        }
        Err(Failure::Wrong(format!("{to} redirects more than {MOST_REDIRECTS} times")))
    }

    fn one(
        &self,
        method: &Method,
        place: &Address,
        body: &str,
        timeout: Duration,
    ) -> std::result::Result<Response<Body>, Failure> {
        let mut request = Request::builder().method(method).uri(place.uri());
        if let Some(authorization) = &self.authorization
            && place.same_origin(&self.endpoint)
        {
            request = request.header(AUTHORIZATION, authorization);
        }
        let unreachable = |error: ureq::Error| Failure::Unreachable(format!("{method} {place}: {error}"));
        let wrong = |error| Failure::Wrong(format!("{method} {place}: {error}"));
        if body.is_empty() {
            let request = request.body(()).map_err(wrong)?;
            let request = self.agent.configure_request(request).timeout_global(Some(timeout)).build();
            return self.agent.run(request).map_err(unreachable);
        }
        let request = request.header(CONTENT_TYPE, "application/sdp").header(ACCEPT, "application/sdp");
        let request = request.body(body).map_err(wrong)?;
        let request = self.agent.configure_request(request).timeout_global(Some(timeout)).build();
        self.agent.run(request).map_err(unreachable)
    }
}

/// The answer in a response.
fn body(place: &Address, response: &mut Response<Body>) -> std::result::Result<String, Failure> {
    let kind = text(response.headers(), CONTENT_TYPE).unwrap_or_default();
    if !kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/sdp")) {
        return Err(Failure::Wrong(format!("{place} answers with {kind:.60?} instead of application/sdp")));
    }
    let read = response.body_mut().with_config().limit(LONGEST_ANSWER).read_to_string();
    read.map_err(|error| match error {
        ureq::Error::BodyExceedsLimit(_) => {
            Failure::Wrong(format!("{place} answers with more than {LONGEST_ANSWER} bytes"))
        }
        error => Failure::Unreachable(format!("{place}: {error}")),
    })
}

/// Why a server refuses, in its own words where it has any (RFC 9457).
fn reason(place: &Address, response: &mut Response<Body>) -> String {
    let mut why = format!("{place} answers {}", response.status());
    let problem = text(response.headers(), CONTENT_TYPE).is_some_and(|kind| kind.contains("problem+json"));
    if problem
        && let Ok(body) = response.body_mut().with_config().limit(LONGEST_PROBLEM).read_to_string()
        && let Ok(problem) = serde_json::from_str::<serde_json::Value>(&body)
        && let Some(words) = problem["detail"].as_str().or(problem["title"].as_str())
    {
        why.push_str(": ");
        why.extend(words.chars().filter(|c| !c.is_control()).take(200));
    }
    why
}

fn links(headers: &HeaderMap) -> Vec<IceServer> {
    link::ice_servers(headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok()))
}

/// Seconds; a date (RFC 9110 section 10.2.3) is passed over, because clocks differ.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    text(headers, RETRY_AFTER)?.trim().parse().ok().map(Duration::from_secs)
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}
