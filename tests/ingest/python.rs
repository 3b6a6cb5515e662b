//! The same from a client in Python that shares no line with ours.

use super::{PATIENCE, PNG, sink};
use framewire::server::{Server, ServerOptions};
use framewire::sink::{Pcm, SinkOptions};
use std::process::{Command, Stdio};

/// Opens `argv[1]`, sends the image `argv[2]` in three pieces and a ramp of sound, answers the server's
/// ping, and prints the code that its close is answered with.
const SENDER: &str = r#"
import base64, hashlib, os, socket, struct, sys
host, port = sys.argv[1].split(":")
sock = socket.create_connection((host, int(port)))
sock.settimeout(60)
key = base64.b64encode(os.urandom(16)).decode()
sock.sendall((f"GET /ws/cam HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
stream = sock.makefile("rb")
head = {}
assert stream.readline().startswith(b"HTTP/1.1 101 ")
while (line := stream.readline().strip()):
    name, value = line.decode().split(": ", 1)
    head[name.lower()] = value
accept = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
assert head["sec-websocket-accept"] == base64.b64encode(accept).decode()

def send(opcode, payload, fin=True):
    mask = os.urandom(4)
    length = len(payload)
    size = bytes([0x80 | length]) if length < 126 else bytes([0x80 | 126]) + struct.pack(">H", length)
    masked = bytes(b ^ mask[n % 4] for n, b in enumerate(payload))
    sock.sendall(bytes([(0x80 if fin else 0) | opcode]) + size + mask + masked)

def read():
    first, length = stream.read(2)
    assert length < 126
    return first, stream.read(length)

first, payload = read()
assert (first, payload) == (0x89, b""), (first, payload)
send(0xa, payload)
message = b"v" + open(sys.argv[2], "rb").read()
send(2, message[:10], fin=False)
send(0, message[10:50], fin=False)
send(0, message[50:])
send(2, b"a" + struct.pack("<960h", *range(-480, 480)))
send(8, struct.pack(">H", 1000))
while (frame := read())[0] == 0x89:
    pass
first, payload = frame
assert first == 0x88
print(struct.unpack(">H", payload)[0])
assert stream.read() == b""
"#;

#[test]
fn pictures_and_sound_of_a_python_client_arrive() {
    let server = Server::new(ServerOptions {
        bind: "127.0.0.1:0".into(),
        ingest_ping: std::time::Duration::from_millis(200),
        ..ServerOptions::default()
    });
    let (server, sink) = (server.expect("a server"), sink(SinkOptions::default()));
    server.receive("cam", None, &sink).expect("a free name");
    let image = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/images/canvas.png");
    let python = Command::new("python3")
        .args(["-c", SENDER, &server.address().to_string(), image])
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is there: make setup");
    let picture = sink.next_video(Some(PATIENCE)).expect("a picture");
    assert_eq!((picture.frame.width, picture.frame.height, picture.number), (48, 32, 1));
    assert!(!PNG.is_empty());
    let Pcm::S16(samples) = sink.next_audio(Some(PATIENCE)).expect("sound").samples else {
        panic!("16 bits were asked for")
    };
    assert!(samples.iter().copied().eq(-480..480));
    let output = python.wait_with_output().expect("it ends");
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "1000");
}
