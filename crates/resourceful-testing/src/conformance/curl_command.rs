//! Writes a request as a `curl` command.

use std::fmt::Write;

use http::Method;

use super::exchange::{Payload, TestRequest};

const BASE: &str = "http://127.0.0.1:8000";

pub(super) fn curl_command(request: &TestRequest) -> String {
    let mut command = match request.method {
        Method::GET => "curl -i".to_owned(),
        Method::HEAD => "curl --head".to_owned(),
        ref method => format!("curl -i -X {method}"),
    };
    write!(command, " {}", quoted(&format!("{BASE}{}", request.path)))
        .expect("writing to a string cannot fail");
    let fields = request
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in fields.chain(request.content_type().map(|value| ("Content-Type", value))) {
        write!(command, " -H {}", quoted(&format!("{name}: {value}")))
            .expect("writing to a string cannot fail");
    }
    match &request.body {
        Payload::None => command,
        Payload::Text { text, .. } => {
            format!("{command} --data-raw {}", quoted(&escape_invisible(text)))
        }
        Payload::Tracked { text, length, .. } => {
            let length = if *length == text.len() as u64 {
                String::new()
            } else {
                format!(" -H 'Content-Length: {length}'")
            };
            format!("{command}{length} --data-raw {}", quoted(text))
        }
        Payload::Padded { text, length } => format!(
            "printf '%-{length}s' {} | {command} --data-binary @-",
            quoted(text)
        ),
    }
}

/// Escapes invisible and combining characters as JSON does.
fn escape_invisible(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        let is_plain = c.is_ascii() || c.escape_debug().count() == 1;
        if is_plain {
            escaped.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            write!(escaped, "\\u{unit:04x}").expect("writing to a string cannot fail");
        }
    }
    escaped
}

/// Quotes for a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_characters_are_escaped() {
        let text = "{\"a\":\"é日😀\u{202e}\u{301}\u{e0001}\"}";
        assert_eq!(
            escape_invisible(text),
            r#"{"a":"é日😀\u202e\u0301\udb40\udc01"}"#
        );
    }

    #[test]
    fn shell_characters_are_quoted() {
        let request = TestRequest {
            method: Method::PUT,
            path: "/posts/1?q=$HOME".to_owned(),
            headers: vec![("x-name".to_owned(), "O'Brien".to_owned())],
            body: Payload::json("application/json", &serde_json::json!({"a": "it's `x`"})),
        };
        assert_eq!(
            curl_command(&request),
            r#"curl -i -X PUT 'http://127.0.0.1:8000/posts/1?q=$HOME' -H 'x-name: O'\''Brien' -H 'Content-Type: application/json' --data-raw '{"a":"it'\''s `x`"}'"#
        );
    }
}
