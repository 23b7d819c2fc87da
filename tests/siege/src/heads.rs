//! Ambiguous heads, and heads that never end.

use crate::findings::Findings;
use crate::raw::Raw;
use crate::{Result, target};

pub(crate) async fn read_twice() -> Result<Findings> {
    let target = target::start().await?;
    let mut findings = Findings::default();
    let endless = format!("GET /{}", "a".repeat(100_000));
    for (name, head, status) in [
        ("two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b", 400),
        ("a target's host", "GET http://a/ HTTP/1.1\r\nHost: b", 400),
        ("a user", "GET http://b@a/ HTTP/1.1\r\nHost: a", 400),
        ("an encoded host", "GET / HTTP/1.1\r\nHost: %61", 400),
        ("one host", "GET http://A:80/ HTTP/1.1\r\nHost: a.", 200),
        ("a fragment", "GET /#/../x HTTP/1.1\r\nHost: a", 400),
        ("a backslash", "GET /\\evil.com/ HTTP/1.1\r\nHost: a", 400),
        ("a raw byte", "GET /?\u{e9} HTTP/1.1\r\nHost: a", 400),
        ("an endless line", &endless, 414),
    ] {
        let mut raw = Raw::connect(&target.address).await?;
        let answer = raw.ask(format!("{head}\r\n\r\n")).await?;
        findings.check(name, answer.status, status..=status);
    }
    Ok(findings)
}
