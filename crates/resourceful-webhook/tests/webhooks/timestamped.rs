//! Stripe and Standard Webhooks, whose signatures include the time.

use std::time::{Duration, SystemTime};

use resourceful::prelude::*;
use resourceful_webhook::{Provider, SecretError, SignatureError, StandardWebhooks, Stripe};

use crate::headers;

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn verify<P: Provider>(
    provider: &P,
    fields: &[(&'static str, &str)],
    now: SystemTime,
    body: &[u8],
) -> Result<(), SignatureError> {
    let signature = provider.signature(&headers(fields), now)?;
    provider.verify(&signature, body)
}

/// The specification's example, which all its libraries test.
mod standard {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const BODY: &[u8] = b"{\"test\": 2432232314}";
    const SIGNED_AT: u64 = 1_614_265_330;
    const GOOD: [(&str, &str); 3] = [
        ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("webhook-timestamp", "1614265330"),
        (
            "webhook-signature",
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ),
    ];

    fn sender() -> StandardWebhooks {
        StandardWebhooks::new(SECRET).unwrap()
    }

    /// Valid fields, one of them replaced.
    fn with(name: &str, value: &'static str) -> [(&'static str, &'static str); 3] {
        GOOD.map(|(known, old)| (known, if known == name { value } else { old }))
    }

    #[test]
    fn the_example_is_valid_for_five_minutes() {
        for (seconds, expected) in [
            (0, Ok(())),
            (300, Ok(())),
            (301, Err(SignatureError::Expired)),
        ] {
            for now in [at(SIGNED_AT + seconds), at(SIGNED_AT - seconds)] {
                assert_eq!(verify(&sender(), &GOOD, now, BODY), expected, "{seconds}");
            }
        }
    }

    #[test]
    fn one_valid_signature_is_enough() {
        let several = "v2,xyz v1,AAAA v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        let fields = with("webhook-signature", several);
        assert_eq!(verify(&sender(), &fields, at(SIGNED_AT), BODY), Ok(()));
        let rotated = StandardWebhooks::new("bmV3").unwrap();
        let rotated = rotated.with_secret(SECRET).unwrap();
        assert_eq!(verify(&rotated, &GOOD, at(SIGNED_AT), BODY), Ok(()));
    }

    #[test]
    fn all_signed_parts_are_verified() {
        let invalid = Err(SignatureError::Invalid);
        for fields in [
            with("webhook-id", "msg_other"),
            with("webhook-timestamp", "1614265331"),
            with("webhook-timestamp", "+1614265330"),
            with("webhook-timestamp", "soon"),
            with("webhook-signature", "v1,g0hM9SsE"),
            with(
                "webhook-signature",
                "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ),
            with(
                "webhook-signature",
                "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ),
        ] {
            assert_eq!(
                verify(&sender(), &fields, at(SIGNED_AT), BODY),
                invalid,
                "{fields:?}"
            );
        }
        assert_eq!(verify(&sender(), &GOOD, at(SIGNED_AT), b"{}"), invalid);
        for missing in 0..3 {
            let mut fields = GOOD.to_vec();
            fields.remove(missing);
            let result = verify(&sender(), &fields, at(SIGNED_AT), BODY);
            assert_eq!(result, Err(SignatureError::Missing));
        }
    }

    const SVIX: [(&str, &str); 3] = [
        ("svix-id", GOOD[0].1),
        ("svix-timestamp", GOOD[1].1),
        ("svix-signature", GOOD[2].1),
    ];

    #[test]
    fn the_names_of_svix_are_accepted() {
        let check = |fields: &[_]| verify(&sender(), fields, at(SIGNED_AT), BODY);
        assert_eq!(check(&SVIX), Ok(()));
        let id = sender().delivery_id(&headers(&SVIX), BODY);
        assert_eq!(id.as_deref(), Some(SVIX[0].1));
        for missing in 0..3 {
            let mut fields = SVIX.to_vec();
            fields.remove(missing);
            assert_eq!(check(&fields), Err(SignatureError::Missing));
            // A field with the other prefix does not replace it.
            fields.push(GOOD[missing]);
            assert_eq!(check(&fields), Err(SignatureError::Invalid));
            // An additional field with the other prefix is refused.
            for all in [SVIX, GOOD] {
                let other = if all == SVIX { GOOD } else { SVIX };
                let fields = [&all[..], &[other[missing]]].concat();
                assert_eq!(check(&fields), Err(SignatureError::Invalid));
                assert_eq!(sender().delivery_id(&headers(&fields), BODY), None);
                let twice = [&all[..], &[all[missing]]].concat();
                assert_eq!(check(&twice), Err(SignatureError::Invalid));
            }
        }
        assert_eq!(
            check(&[&SVIX[..], &GOOD[..]].concat()),
            Err(SignatureError::Invalid)
        );
    }

    #[test]
    fn a_secret_must_be_base64() {
        let error = StandardWebhooks::new("whsec_!").unwrap_err();
        assert_eq!(error, SecretError::NotBase64);
        let error = StandardWebhooks::new("whsec_").unwrap_err();
        assert_eq!(error, SecretError::Empty);
    }

    #[test]
    fn the_id_header_is_the_delivery_id() {
        let id = sender().delivery_id(&headers(&GOOD), BODY);
        assert_eq!(id.as_deref(), Some("msg_p5jXN8AQM9LWM0D4loKWxJek"));
        let body = br#"{"type": "user.created", "timestamp": "2024-01-15T12:00:00Z", "data": [1]}"#;
        let event = sender().event(&headers(&GOOD), body).unwrap();
        assert_eq!(
            (event.kind.as_str(), event.data[0].as_i64()),
            ("user.created", Some(1))
        );
    }
}

/// Stripe's documentation shows the time and format of the field, but no secret for its signature.
/// This one was made by `openssl dgst -sha256 -hmac whsec_test_secret`.
mod stripe {
    use super::*;

    const SECRET: &str = "whsec_test_secret";
    const BODY: &[u8] = br#"{"id": "evt_1", "type": "ping"}"#;
    const SIGNED_AT: u64 = 1_492_774_577;
    const SIGNATURE: &str = "78683c1a4829b4ff3343b8db50834171ce3d3428320b82b52011bd81fc848c73";

    fn check(field: &str, now: u64, body: &[u8]) -> Result<(), SignatureError> {
        let stripe = Stripe::new(SECRET).unwrap();
        verify(&stripe, &[("stripe-signature", field)], at(now), body)
    }

    #[test]
    fn a_signature_is_valid_for_five_minutes() {
        let good = format!("t=1492774577,v1={SIGNATURE},v0=6ffbb59b2300aae63f27240");
        assert_eq!(check(&good, SIGNED_AT, BODY), Ok(()));
        assert_eq!(check(&good, SIGNED_AT + 300, BODY), Ok(()));
        assert_eq!(
            check(&good, SIGNED_AT + 301, BODY),
            Err(SignatureError::Expired)
        );
        assert_eq!(check(&good, SIGNED_AT, b"{}"), Err(SignatureError::Invalid));
    }

    #[test]
    fn one_of_several_signatures_must_be_valid() {
        let several = format!("t=1492774577,v1=00,v1={SIGNATURE}");
        assert_eq!(check(&several, SIGNED_AT, BODY), Ok(()));
        for field in [
            format!("v1={SIGNATURE}"),
            "t=1492774577".to_owned(),
            format!("t=1492774577,v0={SIGNATURE}"),
            format!("t=1492774578,v1={SIGNATURE}"),
            format!("t=1492774577,t=1492774577,v1={SIGNATURE}"),
            format!("t=1492774577,v1={}", SIGNATURE.to_uppercase()),
            format!("t=soon,v1={SIGNATURE}"),
        ] {
            assert_eq!(
                check(&field, SIGNED_AT, BODY),
                Err(SignatureError::Invalid),
                "{field}"
            );
        }
        assert_eq!(check("", SIGNED_AT, BODY), Err(SignatureError::Missing));
    }

    #[derive(Debug, Deserialize, JsonSchema, Validate)]
    #[garde(allow_unvalidated)]
    #[serde(tag = "type")]
    enum Payment {
        #[serde(rename = "charge.succeeded")]
        Succeeded { id: String },
        #[serde(other)]
        Unknown,
    }

    #[test]
    fn events_may_be_your_own_types() {
        let stripe = Stripe::new(SECRET).unwrap().events::<Payment>();
        let event = |body: &str| stripe.event(&headers(&[]), body.as_bytes());
        let succeeded = event(r#"{"id": "evt_1", "type": "charge.succeeded"}"#).unwrap();
        assert!(matches!(succeeded, Payment::Succeeded { id } if id == "evt_1"));
        let other = event(r#"{"id": "evt_2", "type": "invoice.paid"}"#).unwrap();
        assert!(matches!(other, Payment::Unknown));
        assert_eq!(
            stripe.delivery_id(&headers(&[]), BODY).as_deref(),
            Some("evt_1")
        );
    }
}
