//! Whom the browsers watch for lip-sync: a program that works 150 ms on each picture and pushes sound at
//! once, each with its capture time; as its argument says, sound `follows` the picture or not. Prints its
//! address, and runs until its input ends.

#[path = "../common/mod.rs"]
mod common;

use common::camera::Camera;
use framewire::server::{Server, ServerOptions};
use std::env::args;
use std::io::{Read, stdin};
use std::time::Duration;

fn main() {
    let camera = Camera::working(Duration::from_millis(150), args().any(|arg| arg == "follows"));
    let server = Server::new(ServerOptions {
        bind: "127.0.0.1:0".into(),
        media_address: Some([127, 0, 0, 1].into()),
        ..ServerOptions::default()
    });
    let server = server.expect("a server");
    server.publish("late", &camera.source).expect("a free name");
    println!("http://{}/watch/late", server.address());
    stdin().read_to_end(&mut Vec::new()).expect("input");
}
