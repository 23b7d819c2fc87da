//! Tokens that somebody would like to be accepted.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use resourceful::{Authentication, Error};
use resourceful_auth::{Algorithm, Jwt, Key};
use ring::hmac;
use serde_json::{Value, json};

use super::signer::{Signer, base64url};
use super::{
    AUDIENCE, Claims, INVALID, ISSUER, claims, claims_with, claims_without, client, now, send,
};
use crate::bearer::logged;

/// Tokens of the signer of `jwt()`. The text of each is its pitfall.
#[allow(clippy::too_many_lines, reason = "it is a table")]
pub(super) fn pitfalls(signer: &Signer) -> Vec<(&'static str, String)> {
    let header = json!({"alg": "ES256", "typ": "JWT"});
    let with_claims = |claims: Value| signer.sign(&header, &claims);
    let with_header = |name: &str, value: Value| {
        let mut header = header.clone();
        header[name] = value;
        signer.sign(&header, &claims())
    };
    let sign_texts = |header: &str, claims: &str| signer.sign_texts(header, claims);
    let good = with_claims(claims());
    let segments: Vec<_> = good.split('.').collect();
    let text = claims().to_string();
    let public = signer.public_pem();
    let point = signer.public_der();
    let hs256 = |secret: &[u8]| {
        Signer::hmac(hmac::HMAC_SHA256, secret).sign(&json!({"alg": "HS256"}), &claims())
    };
    let unsigned = |alg: &str| {
        format!(
            "{}.{}.",
            base64url(json!({"alg": alg}).to_string()),
            segments[1]
        )
    };

    let mut rows = vec![
        ("alg: none", unsigned("none")),
        ("alg: None", unsigned("None")),
        ("alg: NONE", unsigned("NONE")),
        (
            "alg: none, with the signature of another",
            format!("{}{}", unsigned("none"), segments[2]),
        ),
        ("no signature", format!("{}.{}.", segments[0], segments[1])),
        ("alg: empty", unsigned("")),
        ("alg: in lower case", with_header("alg", json!("es256"))),
        (
            "alg: another one with the same key",
            with_header("alg", json!("ES384")),
        ),
        ("alg: unknown", with_header("alg", json!("ES256K"))),
        ("alg: as a number", with_header("alg", json!(256))),
        ("alg: in a list", with_header("alg", json!(["ES256"]))),
        (
            "alg: missing",
            signer.sign(&json!({"typ": "JWT"}), &claims()),
        ),
        (
            "alg: twice",
            sign_texts(r#"{"alg":"none","alg":"ES256"}"#, &text),
        ),
        (
            "HS256 with the PEM of the public key",
            hs256(public.as_bytes()),
        ),
        (
            "HS256 with the PEM of the public key, trimmed",
            hs256(public.trim().as_bytes()),
        ),
        ("HS256 with the DER of the public key", hs256(&point)),
        (
            "HS256 with the point of the public key",
            hs256(&point[point.len() - 65..]),
        ),
        ("HS256 with an empty secret", hs256(b"")),
        ("crit: unknown", with_header("crit", json!(["exp"]))),
        (
            "crit: b64 (RFC 7797)",
            signer.sign(
                &json!({"alg": "ES256", "crit": ["b64"], "b64": true}),
                &claims(),
            ),
        ),
        ("crit: empty", with_header("crit", json!([]))),
        ("crit: null", with_header("crit", Value::Null)),
        ("crit: as text", with_header("crit", json!("exp"))),
        (
            "typ: of another kind",
            with_header("typ", json!("dpop+jwt")),
        ),
        (
            "typ: a logout token",
            with_header("typ", json!("logout+jwt")),
        ),
        ("typ: as a number", with_header("typ", json!(1))),
        ("kid: as a number", with_header("kid", json!(1))),
        ("kid: null", with_header("kid", Value::Null)),
        ("header: a list", sign_texts(r#"["ES256"]"#, &text)),
        ("header: no JSON", sign_texts("ES256", &text)),
        ("header: no UTF-8", {
            let prefix = format!(
                "{}.{}",
                base64url(b"{\"alg\":\"ES256\",\"x\":\"\xff\"}"),
                segments[1]
            );
            format!("{prefix}.{}", segments[2])
        }),
        ("exp: missing", with_claims(claims_without("exp"))),
        ("exp: null", with_claims(claims_with("exp", Value::Null))),
        (
            "exp: as text",
            with_claims(claims_with("exp", json!((now() + 300).to_string()))),
        ),
        (
            "exp: as a date",
            with_claims(claims_with("exp", json!("2099-01-01T00:00:00Z"))),
        ),
        (
            "exp: as a list",
            with_claims(claims_with("exp", json!([now() + 300]))),
        ),
        ("exp: true", with_claims(claims_with("exp", json!(true)))),
        (
            "exp: an object",
            with_claims(claims_with("exp", json!({"value": now() + 300}))),
        ),
        ("exp: zero", with_claims(claims_with("exp", json!(0)))),
        ("exp: negative", with_claims(claims_with("exp", json!(-1)))),
        (
            "exp: past the leeway",
            with_claims(claims_with("exp", json!(now() - 61))),
        ),
        (
            "exp: larger than any number",
            sign_texts(
                &header.to_string(),
                &text.replacen("\"exp\":", "\"exp\":1e999, \"was\":", 1),
            ),
        ),
        (
            "exp: twice",
            sign_texts(&header.to_string(), &text.replacen('{', "{\"exp\":1,", 1)),
        ),
        (
            "nbf: in the future",
            with_claims(claims_with("nbf", json!(now() + 120))),
        ),
        ("nbf: as text", with_claims(claims_with("nbf", json!("0")))),
        ("nbf: null", with_claims(claims_with("nbf", Value::Null))),
        (
            "iat: in the future",
            with_claims(claims_with("iat", json!(now() + 120))),
        ),
        ("iat: as text", with_claims(claims_with("iat", json!("0")))),
        ("iss: missing", with_claims(claims_without("iss"))),
        (
            "iss: another",
            with_claims(claims_with("iss", json!("https://evil.example.com"))),
        ),
        (
            "iss: with a slash",
            with_claims(claims_with("iss", json!(format!("{ISSUER}/")))),
        ),
        (
            "iss: in upper case",
            with_claims(claims_with("iss", json!(ISSUER.to_uppercase()))),
        ),
        (
            "iss: a beginning of ours",
            with_claims(claims_with("iss", json!(&ISSUER[..ISSUER.len() - 1]))),
        ),
        (
            "iss: a list with ours",
            with_claims(claims_with(
                "iss",
                json!([ISSUER, "https://evil.example.com"]),
            )),
        ),
        ("iss: null", with_claims(claims_with("iss", Value::Null))),
        ("iss: empty", with_claims(claims_with("iss", json!("")))),
        (
            "iss: twice",
            sign_texts(
                &header.to_string(),
                &text.replacen('{', "{\"iss\":\"https://evil.example.com\",", 1),
            ),
        ),
        ("aud: missing", with_claims(claims_without("aud"))),
        (
            "aud: another",
            with_claims(claims_with("aud", json!("https://other.example.com"))),
        ),
        (
            "aud: a list without ours",
            with_claims(claims_with("aud", json!(["https://other.example.com"]))),
        ),
        (
            "aud: an empty list",
            with_claims(claims_with("aud", json!([]))),
        ),
        ("aud: a number", with_claims(claims_with("aud", json!(1)))),
        (
            "aud: a list with a number",
            with_claims(claims_with("aud", json!([AUDIENCE, 1]))),
        ),
        (
            "aud: an object with ours",
            with_claims(claims_with("aud", json!({AUDIENCE: true}))),
        ),
        ("aud: null", with_claims(claims_with("aud", Value::Null))),
        ("aud: empty", with_claims(claims_with("aud", json!("")))),
        (
            "aud: ours as a part",
            with_claims(claims_with("aud", json!(format!("{AUDIENCE} other")))),
        ),
        (
            "the claims of the application are missing",
            with_claims(claims_without("sub")),
        ),
        (
            "a claim of the application is of another type",
            with_claims(claims_with("sub", json!(7))),
        ),
        (
            "claims: a list",
            sign_texts(
                &header.to_string(),
                &format!("[\"{ISSUER}\",\"{AUDIENCE}\",9999999999]"),
            ),
        ),
        ("claims: null", sign_texts(&header.to_string(), "null")),
        ("claims: empty", sign_texts(&header.to_string(), "")),
        (
            "claims: no JSON",
            sign_texts(&header.to_string(), "sub=alice"),
        ),
        (
            "claims: two objects",
            sign_texts(&header.to_string(), &format!("{text}{text}")),
        ),
        (
            "signature: of another key",
            Signer::p256().sign(&header, &claims()),
        ),
        ("signature: of other claims", {
            let other = with_claims(claims_with("sub", json!("bob")));
            format!(
                "{}.{}.{}",
                segments[0],
                segments[1],
                other.split('.').nth(2).unwrap()
            )
        }),
        (
            "signature: all zeros (CVE-2022-21449)",
            format!("{}.{}.{}", segments[0], segments[1], base64url([0; 64])),
        ),
        ("signature: cut", good[..good.len() - 4].to_owned()),
        ("signature: longer", format!("{good}AAAA")),
        ("signature: with padding", format!("{good}==")),
        ("signature: in the other base64", {
            let standard = segments[2].replace('-', "+").replace('_', "/");
            let changed = if standard == segments[2] {
                format!("+{}", &standard[1..])
            } else {
                standard
            };
            format!("{}.{}.{changed}", segments[0], segments[1])
        }),
        ("a part too many", format!("{good}.{}", segments[2])),
        (
            "five parts, as JWE has",
            format!("{}.{}.{good}", segments[0], segments[1]),
        ),
        (
            "the JSON form",
            json!({"protected": segments[0], "payload": segments[1], "signature": segments[2]})
                .to_string(),
        ),
        (
            "larger than the limit",
            with_claims(claims_with("padding", json!("x".repeat(8 * 1024)))),
        ),
        ("no token", String::new()),
        ("dots", "..".to_owned()),
        ("an API key", "key_0123456789_abcdef".to_owned()),
        ("two tokens", format!("{good}, {good}")),
    ];
    // The sender does not choose the key: these name one of the sender's.
    let own = Signer::p256();
    for (name, value) in [
        ("jwk: the sender's", json!({"jwk": own.jwk("own")})),
        (
            "jku: the sender's",
            json!({"jku": "https://evil.example.com/jwks"}),
        ),
        (
            "x5u: the sender's",
            json!({"x5u": "https://evil.example.com/cert"}),
        ),
        ("x5c: the sender's", json!({"x5c": ["MIIB"]})),
        ("kid: a path", json!({"kid": "../../../../dev/null"})),
        ("kid: SQL", json!({"kid": "x' UNION SELECT 'secret"})),
        (
            "kid: an address",
            json!({"kid": "https://evil.example.com/key"}),
        ),
        ("kid: long", json!({"kid": "k".repeat(4000)})),
    ] {
        let mut header = header.clone();
        header
            .as_object_mut()
            .unwrap()
            .extend(value.as_object().unwrap().clone());
        rows.push((name, own.sign(&header, &claims())));
    }
    rows
}

fn jwt(signer: &Signer) -> Jwt<Claims> {
    let key = Key::from_pem(Algorithm::ES256, signer.public_pem()).unwrap();
    Jwt::new(ISSUER, AUDIENCE, [Algorithm::ES256, Algorithm::ES384], key).unwrap()
}

#[tokio::test]
async fn every_pitfall_is_refused() {
    let signer = Signer::p256();
    let jwt = jwt(&signer);
    let client = client(&jwt);
    let good = signer.sign(&json!({"alg": "ES256", "typ": "JWT"}), &claims());
    assert_eq!(send(&client, &good).await, (200, None));
    for (name, token) in pitfalls(&signer) {
        assert_eq!(
            send(&client, &token).await,
            (401, Some(INVALID.to_owned())),
            "{name}"
        );
        assert_eq!(
            jwt.verify(&token).await.unwrap_err().status(),
            401,
            "{name}"
        );
    }
    // A header of its own: the test client accepts no line break.
    for token in [
        format!("{good}\n"),
        format!("{good}\0"),
        format!(" {good}"),
        format!("{good} "),
    ] {
        assert_eq!(jwt.verify(&token).await.unwrap_err().status(), 401);
    }
}

#[tokio::test]
async fn unusual_tokens_are_accepted() {
    let nested = format!("{{\"x\":{}1{},", "[".repeat(2000), "]".repeat(2000));
    let nested = claims().to_string().replacen('{', &nested, 1);
    let signer = Signer::p256();
    let client = client(&jwt(&signer));
    let header = json!({"alg": "ES256"});
    for (name, token) in [
        ("no typ", signer.sign(&header, &claims())),
        (
            "typ in lower case",
            signer.sign(&json!({"alg": "ES256", "typ": "jwt"}), &claims()),
        ),
        (
            "typ of RFC 9068",
            signer.sign(
                &json!({"alg": "ES256", "typ": "application/AT+JWT"}),
                &claims(),
            ),
        ),
        (
            "unknown header",
            signer.sign(&json!({"alg": "ES256", "x": [1], "jku": 7}), &claims()),
        ),
        (
            "a list of audiences",
            signer.sign(&header, &claims_with("aud", json!(["x", AUDIENCE]))),
        ),
        (
            "expired within the leeway",
            signer.sign(&header, &claims_with("exp", json!(now() - 30))),
        ),
        (
            "exp with a fraction",
            signer.sign(&header, &claims_with("exp", json!(9_999_999_999.5))),
        ),
        (
            "exp with an exponent",
            signer.sign(&header, &claims_with("exp", json!(1e300))),
        ),
        (
            "nbf within the leeway",
            signer.sign(&header, &claims_with("nbf", json!(now() + 30))),
        ),
        (
            "iat within the leeway",
            signer.sign(&header, &claims_with("iat", json!(now() + 30))),
        ),
        (
            "a deep claim that nobody reads",
            signer.sign_texts(&header.to_string(), &nested),
        ),
        (
            "white space around the claims",
            signer.sign_texts(&format!(" {header}\n"), &format!("\r\n{}\t", claims())),
        ),
    ] {
        assert_eq!(send(&client, &token).await, (200, None), "{name}");
    }
}

/// The claims are somebody's data.
#[tokio::test]
async fn the_log_has_no_claims() {
    let signer = Signer::p256();
    let jwt = jwt(&signer).with_callers(|claims: Claims| async move { Ok(Some(claims.sub.len())) });
    for (name, value) in [
        ("exp", json!("secret@example.com")),
        ("iss", json!(["secret@example.com"])),
        ("iss", json!("secret@example.com")),
        ("aud", json!("secret@example.com")),
        ("sub", json!({"secret@example.com": 1})),
        ("sub", json!(1_234_567)),
    ] {
        let token = signer.sign(&json!({"alg": "ES256"}), &claims_with(name, value));
        let logged = logged(&jwt.verify(&token).await.unwrap_err());
        assert!(
            logged.contains("token") || logged.contains("claims"),
            "{logged}"
        );
        assert!(
            !logged.contains("secret") && !logged.contains("1234567"),
            "{logged}"
        );
    }
}

/// Another authenticator may know these.
#[tokio::test]
async fn foreign_tokens_are_told_from_wrong_ones() {
    let signer = Signer::p256();
    let jwt = jwt(&signer);
    let header = json!({"alg": "ES256"});
    let other_issuer = signer.sign(
        &json!({"alg": "RS256"}),
        &claims_with("iss", json!("https://other.example.com")),
    );
    for (name, token, is_foreign) in [
        ("an API key", "key_0123456789_abcdef".to_owned(), true),
        (
            "an opaque token with dots",
            "ya29.a0AfH6SMB.x".to_owned(),
            true,
        ),
        ("another issuer", other_issuer, true),
        (
            "expired",
            signer.sign(&header, &claims_with("exp", json!(1))),
            false,
        ),
        (
            "another key",
            Signer::p256().sign(&header, &claims()),
            false,
        ),
    ] {
        let result = authenticate(&jwt, &token).await;
        assert_eq!(
            matches!(result, Ok(Authentication::Foreign(_))),
            is_foreign,
            "{name}"
        );
        let (Ok(Authentication::Foreign(error)) | Err(error)) = result else {
            panic!("{name} is accepted");
        };
        assert_eq!(error.status(), 401, "{name}");
    }
}

async fn authenticate(jwt: &Jwt<Claims>, token: &str) -> Result<Authentication<Claims>, Error> {
    use resourceful::Authenticate as _;
    use resourceful::prelude::*;
    use std::sync::Mutex;

    type Found = Mutex<Option<Result<Authentication<Claims>, Error>>>;
    struct State(Jwt<Claims>, Found);
    struct Keep;
    impl Access<Arc<State>> for Keep {
        type Caller = ();

        async fn check(state: &Arc<State>, request: &Request) -> Result<()> {
            let found = state.0.authenticate(request).await;
            *state.1.lock().unwrap() = Some(found);
            Ok(())
        }
    }
    async fn view(_: Request) -> Result<&'static str> {
        Ok("")
    }
    let state = Arc::new(State(jwt.clone(), Found::default()));
    let app = App::new().get("/", guarded::<Keep, _>(view).state(&state));
    let client = TestClient::new(app).unwrap();
    client
        .get("/")
        .header("authorization", &format!("Bearer {token}"))
        .await;
    let found = state.1.lock().unwrap().take();
    found.unwrap()
}

#[tokio::test]
async fn nobody_is_made_a_caller_by_a_wrong_token() {
    let signer = Signer::p256();
    let made = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&made);
    let jwt = jwt(&signer).with_callers(move |claims: Claims| {
        counted.fetch_add(1, Ordering::Relaxed);
        async move { Ok(Some(claims.sub)) }
    });
    for (name, token) in pitfalls(&signer) {
        assert!(jwt.verify(&token).await.is_err(), "{name}");
    }
    assert_eq!(made.load(Ordering::Relaxed), 0);
    let good = signer.sign(&json!({"alg": "ES256"}), &claims());
    assert_eq!(jwt.verify(&good).await.unwrap(), "alice");
}

proptest! {
    /// Arbitrary bytes, also behind a header and a payload that are right.
    #[test]
    fn arbitrary_texts_are_refused(bytes in any::<Vec<u8>>(), text in ".*", forms in "[A-Za-z0-9_.=-]{0,200}") {
        let signer = Signer::ed25519();
        let key = Key::from_pem(Algorithm::EdDSA, signer.public_pem()).unwrap();
        let jwt = Jwt::<Claims>::new(ISSUER, AUDIENCE, [Algorithm::EdDSA], key).unwrap();
        let good = signer.sign(&json!({"alg": "EdDSA"}), &claims());
        let (signed, _) = good.rsplit_once('.').unwrap();
        let header = base64url(br#"{"alg":"EdDSA"}"#);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for token in [
            String::from_utf8_lossy(&bytes).into_owned(),
            text,
            forms.clone(),
            format!("{signed}.{forms}"),
            format!("{header}.{}.{forms}", base64url(&bytes)),
            format!("{}.{}.{forms}", base64url(&bytes), base64url(claims().to_string())),
            signer.sign_texts(r#"{"alg":"EdDSA"}"#, &String::from_utf8_lossy(&bytes)),
        ] {
            prop_assert!(runtime.block_on(jwt.verify(&token)).is_err());
        }
    }
}
