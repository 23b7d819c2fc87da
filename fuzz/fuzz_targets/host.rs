//! `Host`: its parts, and the patterns that it matches.
#![no_main]

use std::net::Ipv6Addr;

use libfuzzer_sys::fuzz_target;

use self::host::Host;

#[path = "../../crates/resourceful/src/proto/host.rs"]
#[allow(dead_code)]
mod host;

fuzz_target!(|text: &str| {
    // `Settings` passes visible ASCII.
    let parsed = Host::parse(text);
    assert_eq!(parsed.map(|host| (host.name, host.port)), reference(text));
    assert_eq!(Host::is_valid(text.as_bytes()), parsed.is_some());
    let Some(host) = parsed else {
        return;
    };
    let matches = |pattern: &str| host.is_one_of(&[pattern.to_owned()]);
    assert!(matches(host.name) && matches(&host.name.to_uppercase()));
    assert!(!matches(&format!("{}x", host.name)) && !matches(&format!("x{}", host.name)));
    assert!(matches(&format!(".{}", host.name)));
    // A leading dot matches subdomains, by whole labels.
    for (at, character) in host.name.char_indices() {
        let parent = &host.name[at..];
        let is_below = at == 0 || character == '.';
        let pattern = format!(".{}", parent.strip_prefix('.').unwrap_or(parent));
        assert_eq!(
            matches(&pattern),
            is_below || host.name[..at].ends_with('.'),
            "{pattern}"
        );
    }
});

/// Reference parser (RFC 3986 section 3.2.2).
fn reference(text: &str) -> Option<(&str, Option<u16>)> {
    let end_of_name = match text.strip_prefix('[') {
        Some(rest) => rest.find(']')? + 2,
        None => text.find(':').unwrap_or(text.len()),
    };
    let (name, port) = text.split_at(end_of_name);
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=%".contains(c);
    let is_name = if let Some(rest) = name.strip_prefix('[') {
        rest.trim_end_matches(']').parse::<Ipv6Addr>().is_ok()
    } else {
        !name.is_empty() && name.chars().all(is_allowed)
    };
    if !is_name {
        return None;
    }
    match port.strip_prefix(':') {
        None => port.is_empty().then_some((name, None)),
        Some("") => Some((name, None)),
        Some(digits) if digits.chars().all(|c| c.is_ascii_digit()) => {
            // Leading zeros do not matter.
            let number = digits.trim_start_matches('0');
            let number = if number.is_empty() { "0" } else { number };
            (number.len() < 6)
                .then(|| number.parse().ok())?
                .map(|port| (name, Some(port)))
        }
        Some(_) => None,
    }
}
