//! Acknowledgements, a line each, in any words: the window only opens, and never beyond what was sent.

use framewire::message::ack::Window;

const SENT: u32 = 1_000;

/// Takes them all. The highest that was believed, and how many were ignored.
pub fn run(texts: &[u8]) -> (Option<u32>, u64) {
    let mut window = Window::new(4).expect("at least 1");
    window.sent(SENT);
    for text in texts.split(|byte| *byte == b'\n') {
        let (before, ignored) = (window.acked(), window.ignored());
        let news = window.ack(text);
        assert_eq!(window.acked() > before, news);
        assert!(window.acked() >= before && window.acked() <= Some(SENT));
        assert!(window.ignored() == ignored || (window.ignored() == ignored + 1 && !news));
        assert_eq!(window.allows(SENT + 5), window.acked().is_none());
    }
    (window.acked(), window.ignored())
}
