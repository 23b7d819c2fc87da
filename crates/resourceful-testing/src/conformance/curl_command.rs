//! A request as a command line that a user can paste.

use std::fmt::Write;

use http::Method;

use super::exchange::{Payload, Probe};

const BASE: &str = "http://127.0.0.1:8000";

pub(super) fn curl(probe: &Probe) -> String {
    let mut command = match probe.method {
        Method::GET => "curl -i".to_owned(),
        Method::HEAD => "curl --head".to_owned(),
        ref method => format!("curl -i -X {method}"),
    };
    write!(command, " {}", quoted(&format!("{BASE}{}", probe.path))).expect("a string grows");
    let fields = probe
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in fields.chain(probe.media().map(|media| ("Content-Type", media))) {
        write!(command, " -H {}", quoted(&format!("{name}: {value}"))).expect("a string grows");
    }
    match &probe.body {
        Payload::None => command,
        Payload::Text { text, .. } => {
            format!("{command} --data-raw {}", quoted(&visible(text)))
        }
        Payload::Watched(_) => format!("{command} --data-raw '{{}}'"),
        Payload::Padded { text, length } => format!(
            "printf '%-{length}s' {} | {command} --data-binary @-",
            quoted(text)
        ),
    }
}

/// What cannot be seen or would mix with its neighbours, as JSON escapes it.
fn visible(text: &str) -> String {
    let mut visible = String::new();
    for c in text.chars() {
        let is_plain = c.is_ascii() || c.escape_debug().count() == 1;
        if is_plain {
            visible.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            write!(visible, "\\u{unit:04x}").expect("a string grows");
        }
    }
    visible
}

/// For every shell after POSIX.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_escaped() {
        let text = "{\"a\":\"é日😀\u{202e}\u{301}\u{e0001}\"}";
        assert_eq!(visible(text), r#"{"a":"é日😀\u202e\u0301\udb40\udc01"}"#);
    }

    #[test]
    fn what_a_shell_would_read_is_quoted() {
        let probe = Probe {
            method: Method::PUT,
            path: "/posts/1?q=$HOME".to_owned(),
            headers: vec![("x-name".to_owned(), "O'Brien".to_owned())],
            body: Payload::json("application/json", &serde_json::json!({"a": "it's `x`"})),
        };
        assert_eq!(
            curl(&probe),
            r#"curl -i -X PUT 'http://127.0.0.1:8000/posts/1?q=$HOME' -H 'x-name: O'\''Brien' -H 'Content-Type: application/json' --data-raw '{"a":"it'\''s `x`"}'"#
        );
    }
}
