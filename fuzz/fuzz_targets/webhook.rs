//! Webhooks: a delivery is verified if and only if it is signed.
#![no_main]

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::header::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;
use resourceful_webhook::{GitHub, Provider, StandardWebhooks, Stripe};
use sha2::Sha256;

const NOW: u64 = 1_700_000_000;
const TOLERANCE: u64 = 300;
const SECRETS: [&str; 2] = ["new secret", "old secret"];

/// Placeholders in a header field for values that a fuzzer cannot find: the valid signature, and the
/// time.
const SIGNATURE: char = '\u{1}';
const TIME: char = '\u{2}';

fuzz_target!(|input: &[u8]| {
    let Some((&mode, rest)) = input.split_first() else {
        return;
    };
    // Two lines, then the body.
    let mut parts = rest.splitn(3, |byte| *byte == b'\n');
    let mut next = || parts.next().unwrap_or_default();
    let (first, second, body) = (next(), next(), next());
    let (Ok(first), Ok(second)) = (std::str::from_utf8(first), std::str::from_utf8(second)) else {
        return;
    };
    let secret = SECRETS[usize::from(mode / 3 % 2)].as_bytes();
    match mode % 3 {
        0 => github(secret, first, second, body),
        1 => stripe(secret, first, second, body),
        _ => standard(secret, first, second, body),
    }
});

fn github(secret: &[u8], first: &str, second: &str, body: &[u8]) {
    let github = GitHub::new(SECRETS[0]).and_then(|github| github.with_secret(SECRETS[1]));
    let signature = hex::encode(mac(secret, &[body]));
    let values = [first, second].map(|text| filled(text, &signature));
    let is_signed = only(&values).is_some_and(|value| {
        SECRETS.iter().any(|secret| {
            let signature = hex::encode(mac(secret.as_bytes(), &[body]));
            value == format!("sha256={signature}")
        })
    });
    let headers = given(
        &values
            .each_ref()
            .map(|value| ("x-hub-signature-256", &**value)),
    );
    check(&github.expect("secrets"), headers, body, is_signed);
}

fn stripe(secret: &[u8], first: &str, second: &str, body: &[u8]) {
    let stripe = Stripe::new(SECRETS[0]).and_then(|stripe| stripe.with_secret(SECRETS[1]));
    let now = NOW.to_string();
    let signature = hex::encode(mac(secret, &[now.as_bytes(), b".", body]));
    let values = [first, second].map(|text| filled(text, &signature));
    let value = only(&values).unwrap_or_default();
    let pairs: Vec<_> = value
        .split(',')
        .filter_map(|part| part.trim().split_once('='))
        .collect();
    let of = |name: &str| -> Vec<&str> {
        let named = pairs.iter().filter(|(known, _)| *known == name);
        named.map(|(_, value)| *value).collect()
    };
    let is_signed = match of("t")[..] {
        [time] => {
            let is_right = |given: &&str| {
                SECRETS.iter().any(|secret| {
                    let parts = [time.as_bytes(), b".", body];
                    **given == hex::encode(mac(secret.as_bytes(), &parts))
                })
            };
            is_now(time) && of("v1").iter().any(is_right)
        }
        _ => false,
    };
    let headers = given(
        &values
            .each_ref()
            .map(|value| ("stripe-signature", &**value)),
    );
    check(&stripe.expect("secrets"), headers, body, is_signed);
}

/// Value of a field that occurs once.
fn only(values: &[String; 2]) -> Option<&str> {
    match values.each_ref().map(String::as_str) {
        [value, ""] | ["", value] => Some(value),
        _ => None,
    }
}

fn standard(secret: &[u8], first: &str, second: &str, body: &[u8]) {
    let [new, old] = SECRETS.map(|secret| BASE64_STANDARD.encode(secret));
    let standard = StandardWebhooks::new(&new).and_then(|standard| standard.with_secret(&old));
    let mut fields = second.splitn(2, ' ');
    let id = fields.next().unwrap_or_default();
    let time = filled(fields.next().unwrap_or_default(), "");
    let sign = |secret: &[u8]| {
        let parts = [id.as_bytes(), b".", time.as_bytes(), b".", body];
        BASE64_STANDARD.encode(mac(secret, &parts))
    };
    let signatures = filled(first, &sign(secret));
    let valid = SECRETS.map(|secret| format!("v1,{}", sign(secret.as_bytes())));
    let is_valid = |given: &str| valid.iter().any(|signature| signature == given);
    let is_signed = !id.is_empty() && is_now(&time) && signatures.split(' ').any(is_valid);
    let headers = given(&[
        ("webhook-id", id),
        ("webhook-timestamp", &time),
        ("webhook-signature", &signatures),
    ]);
    check(&standard.expect("secrets"), headers, body, is_signed);
}

fn filled(text: &str, signature: &str) -> String {
    text.replace(SIGNATURE, signature)
        .replace(TIME, &NOW.to_string())
}

fn mac(secret: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length is a key");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

fn is_now(time: &str) -> bool {
    let is_number = !time.is_empty() && time.chars().all(|digit| digit.is_ascii_digit());
    let seconds = time.parse::<u64>().ok().filter(|_| is_number);
    seconds.is_some_and(|seconds| seconds.abs_diff(NOW) <= TOLERANCE)
}

/// Header fields with a value; `None` if a value is invalid.
fn given(fields: &[(&'static str, &str)]) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        if !value.is_empty() {
            let value = HeaderValue::from_bytes(value.as_bytes()).ok()?;
            headers.append(HeaderName::from_static(name), value);
        }
    }
    Some(headers)
}

fn check<P: Provider>(provider: &P, headers: Option<HeaderMap>, body: &[u8], is_signed: bool) {
    let Some(mut headers) = headers else {
        return;
    };
    let is_signed = is_signed && headers.values().all(|value| value.to_str().is_ok());
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
    let verify = |body: &[u8]| {
        let signature = provider.signature(&headers, now);
        signature.and_then(|signature| provider.verify(&signature, body))
    };
    assert_eq!(verify(body).is_ok(), is_signed);
    if is_signed {
        let mut other = body.to_vec();
        other.push(0);
        assert!(verify(&other).is_err());
        other.pop();
        if let Some(last) = other.last_mut() {
            *last ^= 1;
            assert!(verify(&other).is_err());
        }
    }
    for name in ["push", "star"] {
        headers.insert("x-github-event", HeaderValue::from_static(name));
        if let Err(error) = provider.event(&headers, body) {
            assert!(matches!(error.status().as_u16(), 400 | 422), "{error:?}");
        }
        let _ = provider.delivery_id(&headers, body);
    }
}
