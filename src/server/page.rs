//! The pages: plain HTML, CSS and JavaScript out of this library, nothing from another address.

use super::http::response::Response;

/// One file of them.
pub struct Page {
    path: &'static str,
    content_type: &'static str,
    content: &'static str,
}

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const ICON: &str = "image/svg+xml";

/// The player, at `/watch/{stream}`; the script reads the name from the address.
pub const WATCH: Page = Page { path: "/watch", content_type: HTML, content: include_str!("page/watch.html") };

/// The camera, at `/publish/{stream}`.
pub const PUBLISH: Page =
    Page { path: "/publish", content_type: HTML, content: include_str!("page/publish.html") };

/// The mirror, at `/mirror/{stream}`.
pub const MIRROR: Page =
    Page { path: "/mirror", content_type: HTML, content: include_str!("page/mirror.html") };

const PAGES: [Page; 10] = [
    Page { path: "/", content_type: HTML, content: include_str!("page/index.html") },
    // For pages of the program's own, too.
    Page { path: "/framewire.js", content_type: SCRIPT, content: include_str!("page/framewire.js") },
    Page { path: "/page/index.js", content_type: SCRIPT, content: include_str!("page/index.js") },
    Page { path: "/page/session.js", content_type: SCRIPT, content: include_str!("page/session.js") },
    Page { path: "/page/watch.js", content_type: SCRIPT, content: include_str!("page/watch.js") },
    Page { path: "/page/publish.js", content_type: SCRIPT, content: include_str!("page/publish.js") },
    Page { path: "/page/mirror.js", content_type: SCRIPT, content: include_str!("page/mirror.js") },
    Page { path: "/page/style.css", content_type: STYLE, content: include_str!("page/style.css") },
    Page { path: "/page/icon.svg", content_type: ICON, content: include_str!("page/icon.svg") },
    // For browsers that look here whatever the page says.
    Page { path: "/favicon.ico", content_type: ICON, content: include_str!("page/icon.svg") },
];

/// The page at a fixed path.
pub fn at(path: &str) -> Option<&'static Page> {
    PAGES.iter().find(|page| page.path == path)
}

impl Page {
    /// The page as a response.
    pub fn response(&self) -> Response {
        Response::new(200)
            .body(self.content_type, self.content.as_bytes())
            // The library may be another one after a restart.
            .with("Cache-Control", "no-cache")
            .with("Referrer-Policy", "no-referrer")
            .with("Content-Security-Policy", "default-src 'self'; base-uri 'none'; form-action 'none'")
    }
}
