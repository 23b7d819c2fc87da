//! The signatures of RFC 7515 appendix A and RFC 8037 appendix A.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use crate::jwt::algorithm::Algorithm;
use crate::jwt::key::Key;
use crate::jwt::token::Token;

const ALL: [Algorithm; 12] = [
    Algorithm::HS256,
    Algorithm::HS384,
    Algorithm::HS512,
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];
const PAYLOAD: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

/// The token verifies by this algorithm and by no other, and not if one bit of it is another.
fn assert_vector(key: &Key, expected: Algorithm, header: &str, payload: &str, signature: &str) {
    let text = format!("{header}.{payload}.{signature}");
    let token = Token::parse(&text).unwrap();
    assert!(expected.is_named(&token.header.alg));
    for algorithm in ALL {
        let verified = key.verifies(algorithm, token.signed.as_bytes(), &token.signature);
        assert_eq!(verified, algorithm == expected, "{algorithm:?}");
    }
    let other = format!(
        "{header}.{}",
        payload.replacen('y', "z", 1).replacen('X', "Y", 1)
    );
    assert!(!key.verifies(expected, other.as_bytes(), &token.signature));
    for bit in 0..token.signature.len() * 8 {
        let mut signature = token.signature.clone();
        signature[bit / 8] ^= 1 << (bit % 8);
        assert!(
            !key.verifies(expected, token.signed.as_bytes(), &signature),
            "bit {bit}"
        );
    }
}

#[test]
fn rfc_7515_a1_is_hs256() {
    let secret =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    let secret = URL_SAFE_NO_PAD.decode(secret).unwrap();
    let key = Key::from_secret(Algorithm::HS256, secret).unwrap();
    let header = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9";
    let signature = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    assert_vector(&key, Algorithm::HS256, header, PAYLOAD, signature);
}

#[test]
fn rfc_7515_a2_is_rs256() {
    let key = json!({
        "kty": "RSA",
        "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
        "e": "AQAB",
    });
    let key = Key::from_jwk(key).unwrap();
    let signature = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    assert_vector(
        &key,
        Algorithm::RS256,
        "eyJhbGciOiJSUzI1NiJ9",
        PAYLOAD,
        signature,
    );
}

#[test]
fn rfc_7515_a3_is_es256() {
    let key = json!({
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    });
    let key = Key::from_jwk(key).unwrap();
    let signature =
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    assert_vector(
        &key,
        Algorithm::ES256,
        "eyJhbGciOiJFUzI1NiJ9",
        PAYLOAD,
        signature,
    );
}

/// ring does not implement P-521: the key is skipped, and no algorithm has the token's name.
#[test]
fn rfc_7515_a4_is_es512_which_is_unknown() {
    let key = json!({
        "kty": "EC",
        "crv": "P-521",
        "x": "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
        "y": "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2",
    });
    assert!(Key::from_jwk(key).is_none());
    let token = Token::parse("eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwM").unwrap();
    assert!(ALL.iter().all(|one| !one.is_named(&token.header.alg)));
}

#[test]
fn rfc_7515_a5_is_unsecured_which_no_algorithm_is() {
    let text = format!("eyJhbGciOiJub25lIn0.{PAYLOAD}.");
    let token = Token::parse(&text).unwrap();
    assert_eq!(token.header.alg, "none");
    assert!(ALL.iter().all(|one| !one.is_named(&token.header.alg)));
}

#[test]
fn rfc_8037_a4_is_eddsa() {
    let key = json!({
        "kty": "OKP",
        "crv": "Ed25519",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    });
    let key = Key::from_jwk(key).unwrap();
    let payload = "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let signature =
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    assert_vector(
        &key,
        Algorithm::EdDSA,
        "eyJhbGciOiJFZERTQSJ9",
        payload,
        signature,
    );
}
