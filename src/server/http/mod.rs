//! HTTP/1.1 for a few hundred clients: a thread a connection, and a bound on everything.

pub mod connection;
pub mod listener;
pub mod request;
pub mod response;
#[cfg(test)]
mod tests;
