//! The ICE servers that a server tells in `Link` headers (RFC 8288, RFC 9725 section 4.6).

use crate::ice::IceServer;

/// How many are read.
const MOST: usize = 16;

/// The ICE servers of all `Link` values; what is something else is passed over.
pub fn ice_servers<'a>(values: impl Iterator<Item = &'a str>) -> Vec<IceServer> {
    values.flat_map(links).filter_map(server).take(MOST).collect()
}

/// A target and its parameters.
struct Link<'a> {
    target: &'a str,
    parameters: Vec<(&'a str, String)>,
}

fn server(link: Link<'_>) -> Option<IceServer> {
    let value = |name: &str| {
        link.parameters.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
    };
    let relation = value("rel")?;
    let is_server = relation.split_ascii_whitespace().any(|rel| rel.eq_ignore_ascii_case("ice-server"));
    is_server.then(|| IceServer {
        url: link.target.to_owned(),
        username: value("username"),
        credential: value("credential"),
    })
}

/// The links of one value; where it does not parse they end.
fn links(value: &str) -> Vec<Link<'_>> {
    let (mut links, mut rest) = (Vec::new(), value);
    while links.len() < MOST
        && let Some((link, after)) = link(rest)
    {
        links.push(link);
        rest = after;
    }
    links
}

fn link(text: &str) -> Option<(Link<'_>, &str)> {
    let text = text.trim_start_matches([' ', '\t', ',']);
    let (target, mut rest) = text.strip_prefix('<')?.split_once('>')?;
    let mut parameters = Vec::new();
    while let Some(after) = rest.trim_start().strip_prefix(';') {
        let end = after.find(['=', ';', ',']).unwrap_or(after.len());
        let name = after[..end].trim();
        let (value, after) = match after[end..].strip_prefix('=') {
            Some(text) => parameter(text)?,
            None => (String::new(), &after[end..]),
        };
        parameters.push((name, value));
        rest = after;
    }
    Some((Link { target, parameters }, rest))
}

/// A token or a quoted string, and what follows it.
fn parameter(text: &str) -> Option<(String, &str)> {
    let text = text.trim_start();
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([';', ',']).unwrap_or(text.len());
        return Some((text[..end].trim_end().to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => value.push(letters.next()?.1),
            letter => value.push(letter),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(values: &[&str]) -> Vec<(String, String, String)> {
        let servers = ice_servers(values.iter().copied());
        let text = Option::unwrap_or_default;
        servers.into_iter().map(|s| (s.url, text(s.username), text(s.credential))).collect()
    }

    fn server(url: &str, username: &str, credential: &str) -> (String, String, String) {
        (url.into(), username.into(), credential.into())
    }

    #[test]
    fn servers_are_read_from_one_header_or_several() {
        let stun = "<stun:s.example>; rel=\"ice-server\"";
        let turn = "<turn:t.example?transport=udp>;rel=ice-server ; username=\"a;,\\\"b\" ;\
            credential=p=w;credential-type=password";
        let expected =
            [server("stun:s.example", "", ""), server("turn:t.example?transport=udp", "a;,\"b", "p=w")];
        assert_eq!(told(&[stun, turn]), expected);
        assert_eq!(told(&[&format!("{stun}, {turn}")]), expected);
    }

    #[test]
    fn what_is_no_ice_server_or_does_not_parse_is_passed_over() {
        for value in [
            "",
            "<",
            "stun:s.example; rel=ice-server",
            "</style.css>; rel=preload",
            "<stun:s.example>",
            "<stun:s.example>; rel=\"ice-server",
            "<stun:s.example>; title=\"rel=ice-server\"",
            "<stun:s.example>; rel=\"ice-server\\",
        ] {
            assert_eq!(told(&[value]), [], "{value}");
        }
        assert_eq!(
            told(&["</x>; rel=next, <stun:s>; REL=\"x ICE-SERVER\", <turn:"]),
            [server("stun:s", "", "")]
        );
    }

    #[test]
    fn a_flood_of_them_is_cut_off() {
        let many = "<stun:s>;rel=ice-server,".repeat(1_000);
        assert_eq!(told(&[&many, &many]).len(), MOST);
    }
}
