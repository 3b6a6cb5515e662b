//! Typed pictures and sound: as messages of the program's own, and over the server's WebSocket.

#[path = "ingest/client.rs"]
mod client;
#[path = "ingest/images.rs"]
mod images;
#[path = "ingest/own.rs"]
mod own;
#[path = "ingest/python.rs"]
mod python;
#[path = "ingest/socket.rs"]
mod socket;

use framewire::sink::{Picture, Sink, SinkOptions};
use std::time::Duration;

/// Only a guard against hanging.
const PATIENCE: Duration = Duration::from_secs(60);

const JPEG: &[u8] = include_bytes!("data/images/canvas.jpg");
const PNG: &[u8] = include_bytes!("data/images/canvas.png");
const WEBP: &[u8] = include_bytes!("data/images/canvas.webp");

/// A message with that image.
fn video(image: &[u8]) -> Vec<u8> {
    [b"v", image].concat()
}

/// A PNG in one colour.
fn plain(width: u32, height: u32, rgb: [u8; 3]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(&rgb.repeat((width * height) as usize)).expect("as many pixels");
    drop(writer);
    bytes
}

/// The pixel of a packed picture.
fn pixel(picture: &Picture, column: usize, row: usize) -> [u8; 3] {
    let bytes = picture.frame.format.row_bytes(0, 1);
    let at = row * picture.frame.strides[0] + column * bytes;
    picture.frame.planes.plane(0)[at..at + 3].try_into().expect("three bytes")
}

fn sink(options: SinkOptions) -> Sink {
    Sink::new(options).expect("a sink")
}
