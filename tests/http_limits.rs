//! The HTTP server against clients that are slow, many, large, rude or gone.

mod http_client;

use framewire::error::Status;
use framewire::server::{Server, ServerOptions};
use http_client::Client;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

fn options() -> ServerOptions {
    ServerOptions { bind: "127.0.0.1:0".into(), ..ServerOptions::default() }
}

fn server(options: ServerOptions) -> Server {
    Server::new(options).expect("a server")
}

const GET: &str = "GET /streams HTTP/1.1\r\nHost: h\r\n\r\n";

#[test]
fn a_connection_serves_many_requests_also_at_once() {
    let server = server(options());
    let mut client = Client::to(server.address());
    for _ in 0..3 {
        assert_eq!(client.ask("GET", "/streams", "", "").body, "[]");
    }
    client.send(format!("{GET}HEAD / HTTP/1.1\r\nHost: h\r\n\r\nPOST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n{GET}"));
    assert_eq!(client.response(false).expect("the first").status, 200);
    let head = client.response(true).expect("the second");
    assert_ne!(head.header("Content-Length"), Some("0"));
    assert_eq!(client.response(false).expect("the third").status, 404);
    assert_eq!(client.response(false).expect("the fourth").body, "[]");
    client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert_eq!(client.response(false).expect("the last").header("Connection"), Some("close"));
    assert!(client.response(false).is_none(), "closed when asked to");
    assert_eq!(server.stats().requests, 8);
}

#[test]
fn a_body_that_waits_for_continue_is_asked_for() {
    let server = server(options());
    let mut client = Client::to(server.address());
    client.send("POST /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    assert_eq!(client.response(false).expect("an interim response").status, 100);
    client.send("ab");
    assert_eq!(client.response(false).expect("the response").status, 404);
}

#[test]
fn what_is_too_large_is_told_and_the_telling_arrives() {
    let server = server(options());
    let told = |request: String| {
        let mut client = Client::to(server.address());
        client.send(request);
        let response = client.response(false).expect("a response, not a reset");
        assert_eq!(response.header("Content-Type"), Some("application/problem+json"));
        assert_eq!(response.header("Access-Control-Allow-Origin"), Some("*"));
        assert_eq!(client.stream.read(&mut [0]).ok(), Some(0), "an end, not a reset");
        response.status
    };
    let body = "x".repeat(1 << 20);
    assert_eq!(
        told(format!("POST /whep/a HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{body}", body.len())),
        413
    );
    assert_eq!(told(format!("GET / HTTP/1.1\r\nHost: h\r\nX: {}\r\n\r\n", &body[..20_000])), 431);
    assert_eq!(told("hello\r\n".into()), 400);
    assert_eq!(server.stats().requests_refused, 3);
}

#[test]
fn a_slow_sender_is_cut_off_however_steadily_it_drips() {
    let server = server(ServerOptions { request_timeout: Duration::from_millis(200), ..options() });
    let mut client = Client::to(server.address());
    let start = Instant::now();
    // A byte whenever 20 ms passed without a response: no single read ever takes long.
    let wait = Some(Duration::from_millis(20));
    client.stream.set_read_timeout(wait).expect("a time-out");
    let mut first = [0; 12];
    let mut drip = GET.bytes().cycle();
    loop {
        client.send([drip.next().expect("it goes round")]);
        match client.stream.peek(&mut first) {
            Ok(_) => break,
            Err(_) => assert!(start.elapsed() < Duration::from_secs(3), "still connected"),
        }
    }
    assert!(start.elapsed() >= Duration::from_millis(190), "{:?}", start.elapsed());
    assert_eq!(client.response(false).expect("a word of goodbye").status, 408);
    assert_eq!(server.stats().requests_timed_out, 1);
}

#[test]
fn a_connection_nobody_uses_is_closed_without_a_word() {
    let server = server(ServerOptions { idle_timeout: Duration::from_millis(100), ..options() });
    let mut client = Client::to(server.address());
    assert_eq!(client.ask("GET", "/streams", "", "").status, 200);
    let start = Instant::now();
    assert!(client.response(false).is_none());
    assert!((80..3000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    assert_eq!(server.stats().requests_timed_out, 0);
}

#[test]
fn connections_are_bounded_and_the_one_too_many_is_told() {
    let server = server(ServerOptions { max_connections: 2, ..options() });
    let mut first = Client::to(server.address());
    let mut second = Client::to(server.address());
    assert_eq!(first.ask("GET", "/streams", "", "").status, 200);
    assert_eq!(second.ask("GET", "/streams", "", "").status, 200);
    for _ in 0..4 {
        // Fewer at once than are kept half-closed.
        let mut late: Vec<Client> = (0..10).map(|_| Client::to(server.address())).collect();
        late.iter_mut().for_each(|client| client.send(GET));
        for client in &mut late {
            let refused = client.response(false).expect("a response, not a reset");
            assert_eq!((refused.status, refused.header("Retry-After")), (503, Some("1")));
            // A socket that was closed answers the first byte with a reset, and fails the second.
            let more = client.stream.write_all(b"x").and_then(|()| client.stream.write_all(b"x"));
            assert!(more.is_ok(), "the 503 could be lost on its way: {more:?}");
        }
    }
    let stats = server.stats();
    assert_eq!((stats.connections, stats.connections_refused), (2, 40));
    assert_eq!(first.ask("GET", "/streams", "", "").status, 200, "who is in stays in");
    // A place that is left is free again: the server reads the end of it before it closes its side.
    first.stream.shutdown(Shutdown::Write).expect("connected");
    assert!(first.response(false).is_none());
    drop(first);
    let start = Instant::now();
    while Client::to(server.address()).ask("GET", "/streams", "Connection: close\r\n", "").status != 200 {
        assert!(start.elapsed() < Duration::from_secs(3), "the place stays taken");
    }
}

#[test]
fn posts_of_one_address_are_rationed() {
    let server = server(ServerOptions { posts_per_minute: 3, ..options() });
    let mut client = Client::to(server.address());
    let mut post = || client.ask("POST", "/whep/a", "Content-Type: application/sdp\r\n", "v=0\r\n");
    for _ in 0..3 {
        assert_eq!(post().status, 409);
    }
    let often = post();
    assert_eq!(often.status, 429);
    assert!((1..=20).contains(&often.header("Retry-After").expect("when").parse::<u32>().expect("seconds")));
}

#[test]
fn closing_is_quick_whatever_the_clients_do() {
    let server = server(options());
    let address = server.address();
    let mut idle = Client::to(address);
    assert_eq!(idle.ask("GET", "/streams", "", "").status, 200);
    let mut half = Client::to(address);
    half.send("POST /whep/a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n");
    assert_eq!(half.response(false).expect("it waits for the body").status, 100);
    // One that asks and asks and never reads, until its answers fill both sockets.
    let greedy = TcpStream::connect(address).expect("the server listens");
    greedy.set_write_timeout(Some(Duration::from_millis(100))).expect("a time-out");
    while (&greedy).write_all(GET.repeat(100).as_bytes()).is_ok() {}
    let mut lingering = Client::to(address);
    lingering.send("hello\r\n");
    assert_eq!(lingering.response(false).expect("a refusal").status, 400);

    let start = Instant::now();
    server.close();
    let took = start.elapsed();
    assert!(took < Duration::from_millis(250), "{took:?}");
    assert_eq!(server.stats().connections, 0);
    for client in [&mut idle, &mut half] {
        assert!(client.response(false).is_none());
    }
    server.close();
    let again = Server::new(ServerOptions { bind: address.to_string(), ..options() });
    assert_eq!(again.expect("the port is free").address(), address);
}

#[test]
fn the_last_handle_closes() {
    let server = server(options());
    let mut client = Client::to(server.address());
    assert_eq!(client.ask("GET", "/streams", "", "").status, 200);
    let other = server.clone();
    drop(server);
    assert_eq!(client.ask("GET", "/streams", "", "").status, 200);
    drop(other);
    assert!(client.response(false).is_none());
}

#[test]
fn clients_that_vanish_leave_nothing_behind() {
    let server = server(options());
    for n in 0..50 {
        let mut client = Client::to(server.address());
        client.send(&GET[..n % GET.len()]);
    }
    // Each has hung up before; once the server has seen that, only this one is left.
    let mut client = Client::to(server.address());
    let start = Instant::now();
    loop {
        assert_eq!(client.ask("GET", "/streams", "", "").status, 200);
        if server.stats().connections == 1 {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", server.stats());
    }
}

#[test]
fn garbage_of_every_kind_never_takes_the_server_down() {
    let server = server(ServerOptions { request_timeout: Duration::from_millis(500), ..options() });
    // xorshift with a fixed seed: every run sends the same.
    let mut seed = 0x2545_F491_4F6C_DD1D_u64;
    let mut random = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    let whole = "POST /whep/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Type: application/sdp\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    for _ in 0..300 {
        let mut bytes = whole.as_bytes().to_vec();
        for _ in 0..random() % 4 {
            let at = random() as usize % bytes.len();
            bytes[at] = random() as u8;
        }
        let mut client = Client::to(server.address());
        client.send(&bytes);
        let _ = client.stream.shutdown(Shutdown::Write);
        let mut answer = String::new();
        let _ = client.stream.read_to_string(&mut answer);
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.1 5"),
            "{answer}"
        );
        assert!(!answer.contains(" 500 "), "a handler panicked: {answer}");
    }
    assert_eq!(Client::to(server.address()).ask("GET", "/streams", "", "").status, 200);
}

#[test]
fn options_that_break_a_rule_are_named() {
    let sentence = |options: ServerOptions, status| {
        let error = Server::new(options).err().expect("a refusal");
        assert_eq!(error.status(), status);
        error.to_string()
    };
    let argument = |options| sentence(options, Status::InvalidArgument);
    assert!(argument(ServerOptions { max_sessions: 0, ..options() }).contains("options.max_sessions is 0"));
    assert!(argument(ServerOptions { max_header: 10, ..options() }).contains("options.max_header is 10"));
    assert!(argument(ServerOptions { token: Some(String::new()), ..options() }).contains("options.token"));
    assert!(argument(ServerOptions { token: Some("a\r\nb".into()), ..options() }).contains("options.token"));
    assert!(
        argument(ServerOptions { request_timeout: Duration::ZERO, ..options() }).contains("request_timeout")
    );
    let bad = |url: &str| vec![framewire::server::IceServer { url: url.into(), ..Default::default() }];
    for url in ["", "http://a", "stun:a>\r\nX: y", "stun:a b"] {
        assert!(
            argument(ServerOptions { ice_servers: bad(url), ..options() }).contains("ice_servers"),
            "{url:?}"
        );
    }
    let taken = server(options());
    let bind = taken.address().to_string();
    assert!(sentence(ServerOptions { bind: bind.clone(), ..options() }, Status::Io).contains(&bind));
    sentence(ServerOptions { bind: "nonsense".into(), ..options() }, Status::Io);
}
