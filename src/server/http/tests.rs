//! The parser, byte by byte and all at once.

use super::request::{Limits, Parser, Request, Step};
use super::response::Response;

const LIMITS: Limits = Limits { head: 1024, body: 32 };

/// All requests in `bytes`, pushed in pieces of `piece`; the status that ended it, if one did.
fn parse(bytes: &[u8], piece: usize) -> (Vec<Request>, Option<u16>, usize) {
    let mut parser = Parser::new(LIMITS);
    let (mut requests, mut continues) = (Vec::new(), 0);
    for piece in bytes.chunks(piece) {
        parser.push(piece);
        loop {
            match parser.next() {
                Ok(Step::More) => break,
                Ok(Step::Continue) => continues += 1,
                Ok(Step::Request(request)) => requests.push(request),
                Err(refusal) => return (requests, Some(refusal.status), continues),
            }
        }
    }
    (requests, None, continues)
}

fn refused(request: &str) -> Option<u16> {
    let all = parse(request.as_bytes(), usize::MAX);
    let bytes = parse(request.as_bytes(), 1);
    assert_eq!(all.1, bytes.1, "{request:?} is refused alike in one piece and in many");
    all.1
}

#[test]
fn requests_follow_each_other_in_pieces_of_any_size() {
    let wire = b"\r\nPOST /whep/a?x=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello\
        POST http://h:80/b HTTP/1.1\r\nhost: h\r\nTransfer-Encoding: Chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n\
        GET / HTTP/1.1\nHost: h\nConnection: x, Close\n\nGET /c HTTP/1.0\r\n\r\n";
    for piece in [1, 2, 3, 7, 64, usize::MAX] {
        let (requests, refusal, _) = parse(wire, piece);
        assert_eq!(refusal, None);
        let seen: Vec<_> = requests.iter().map(|r| (&*r.path, &*r.body, r.keep_alive)).collect();
        let expected: [(&str, &[u8], bool); 4] =
            [("/whep/a", b"hello", true), ("/b", b"abcde", true), ("/", b"", false), ("/c", b"", false)];
        assert_eq!(seen, expected, "in pieces of {piece}");
    }
}

#[test]
fn two_ways_to_end_a_request_are_refused() {
    let post = |headers: &str| refused(&format!("POST / HTTP/1.1\r\nHost: h\r\n{headers}\r\n\r\n"));
    assert_eq!(post("Content-Length: 1\r\nTransfer-Encoding: chunked"), Some(400));
    assert_eq!(post("Content-Length: 1\r\nContent-Length: 1"), Some(400));
    assert_eq!(post("Content-Length: 1, 1"), Some(400));
    assert_eq!(post("Content-Length: +1"), Some(400));
    assert_eq!(post("Content-Length: -1"), Some(400));
    assert_eq!(post("Content-Length: "), Some(400));
    assert_eq!(post("Content-Length : 1"), Some(400));
    assert_eq!(post("Transfer-Encoding: gzip, chunked"), Some(501));
    assert_eq!(post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), Some(501));
    assert_eq!(refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), Some(400));
}

#[test]
fn what_is_not_http_is_refused() {
    for request in [
        "GET /\r\n\r\n",
        "GET / HTTP/3.0\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\n folded: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\0\r\n\r\n",
        "\x16\x03\x01\x02\n",
    ] {
        assert_eq!(refused(request), Some(400), "{request:?}");
    }
    assert_eq!(refused("GET / HTTP/1.1\r\nHost: h\r\nExpect: a pony\r\n\r\n"), Some(417));
}

#[test]
fn limits_hold_for_heads_bodies_chunks_and_trailers() {
    let post = |rest: &str| refused(&format!("POST / HTTP/1.1\r\nHost: h\r\n{rest}"));
    assert_eq!(post(&format!("X: {}\r\n\r\n", "x".repeat(1024))), Some(431));
    assert_eq!(post(&format!("{}\r\n", "X: y\r\n".repeat(70))), Some(431));
    assert_eq!(refused(&"x".repeat(1025)), Some(431), "a head without a line end");
    assert_eq!(post("Content-Length: 33\r\n\r\n"), Some(413));
    assert_eq!(post(&format!("Content-Length: {}\r\n\r\n", "9".repeat(40))), Some(413));
    let chunked = |body: &str| post(&format!("Transfer-Encoding: chunked\r\n\r\n{body}"));
    assert_eq!(chunked("20\r\n"), None, "32 bytes are not too many");
    assert_eq!(chunked("21\r\n"), Some(413));
    assert_eq!(chunked(&format!("1f\r\n{}\r\n2\r\n", "x".repeat(31))), Some(413));
    assert_eq!(chunked("ffffffffffffffff\r\n"), Some(413));
    assert_eq!(chunked("fffffffffffffffff\r\n"), Some(400));
    assert_eq!(chunked("x\r\n"), Some(400));
    assert_eq!(chunked("1\r\nab\r\n"), Some(400));
    assert_eq!(chunked(&format!("1;{}", "x".repeat(300))), Some(400));
    assert_eq!(chunked(&format!("0\r\n{}", "T: x\r\n".repeat(200))), Some(431));
}

#[test]
fn continue_is_said_once_and_only_to_who_waits() {
    let head = "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n";
    assert_eq!(parse(format!("{head}ab").as_bytes(), usize::MAX).2, 0, "the body is there already");
    let (requests, _, continues) = parse(format!("{head}ab").as_bytes(), 1);
    assert_eq!((requests.len(), continues), (1, 1));
    let large = head.replace(": 2", ": 99");
    assert_eq!(parse(large.as_bytes(), 1).1, Some(413), "told before it is sent");
}

#[test]
fn a_parser_with_nothing_in_it_is_idle() {
    let mut parser = Parser::new(LIMITS);
    assert!(parser.is_idle());
    parser.push(b"\r\n");
    assert!(matches!(parser.next(), Ok(Step::More)) && parser.is_idle());
    parser.push(b"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n");
    assert!(matches!(parser.next(), Ok(Step::More)) && !parser.is_idle(), "its body is missing");
    parser.push(b"x");
    assert!(matches!(parser.next(), Ok(Step::Request(_))) && parser.is_idle());
}

#[test]
fn a_head_byte_by_byte_costs_no_more_than_its_lines() {
    // 60 KiB without a line end, in single bytes: looked at again for each of them it would take
    // 1.8 billion steps, and this test minutes.
    let mut parser = Parser::new(Limits { head: 64 << 10, body: 0 });
    for _ in 0..60 << 10 {
        parser.push(b"x");
        assert!(matches!(parser.next(), Ok(Step::More)));
    }
}

#[test]
fn a_response_tells_its_length_and_a_head_request_gets_no_body() {
    let response = Response::problem(409, "say \"when\"");
    let text = |keep, bodiless| String::from_utf8(response.encode(keep, bodiless)).expect("text");
    let (whole, head) = (text(true, false), text(false, true));
    let (headers, body) = whole.split_once("\r\n\r\n").expect("a head");
    assert!(headers.starts_with("HTTP/1.1 409 Conflict\r\n"), "{headers}");
    assert!(headers.contains(&format!("Content-Length: {}\r\n", body.len())));
    assert!(headers.contains("Content-Type: application/problem+json\r\n"));
    assert!(headers.contains("Access-Control-Allow-Origin: *\r\n"));
    assert!(headers.contains("Access-Control-Expose-Headers: Location, ETag, Link, Accept-Post\r\n"));
    let problem: serde_json::Value = serde_json::from_str(body).expect("JSON");
    assert_eq!((&problem["detail"], &problem["status"]), (&"say \"when\"".into(), &409.into()));
    assert!(head.ends_with("Connection: close\r\n\r\n"));
    let empty = String::from_utf8(Response::new(204).encode(true, false)).expect("text");
    assert!(!empty.contains("Content-Length"));
}

#[test]
#[cfg_attr(debug_assertions, should_panic(expected = "Location"))]
fn a_header_cannot_bring_another() {
    let response = Response::new(201).with("Location", "/a\r\nX-Evil: 1").encode(true, false);
    assert!(!String::from_utf8_lossy(&response).contains("Evil"));
}
