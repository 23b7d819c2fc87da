//! `Host`: its parts, and the patterns that it matches.
#![no_main]

use std::net::Ipv6Addr;

use libfuzzer_sys::fuzz_target;

use self::host::Host;

#[path = "../../crates/resourceful/src/proto/host.rs"]
mod host;

fuzz_target!(|text: &str| {
    // `Settings` passes only visible ASCII.
    let parsed = Host::parse(text);
    assert_eq!(parsed.map(|host| (host.name, host.port)), reference(text));
    assert_eq!(Host::is_valid(text.as_bytes()), parsed.is_some());
    let Some(host) = parsed else {
        return;
    };
    let of = |pattern: &str| host.matches_any(&[pattern.to_owned()]);
    assert!(of(host.name) && of(&host.name.to_uppercase()));
    assert!(!of(&format!("{}x", host.name)) && !of(&format!("x{}", host.name)));
    assert!(of(&format!(".{}", host.name)));
    // A leading dot matches subdomains, only at whole labels.
    for (at, character) in host.name.char_indices() {
        let parent = &host.name[at..];
        let is_below = at == 0 || character == '.';
        let pattern = format!(".{}", parent.strip_prefix('.').unwrap_or(parent));
        assert_eq!(
            of(&pattern),
            is_below || host.name[..at].ends_with('.'),
            "{pattern}"
        );
    }
});

/// RFC 3986 section 3.2.2, character by character.
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
            // Leading zeros are ignored.
            let number = digits.trim_start_matches('0');
            let number = if number.is_empty() { "0" } else { number };
            (number.len() < 6)
                .then(|| number.parse().ok())?
                .map(|port| (name, Some(port)))
        }
        Some(_) => None,
    }
}
