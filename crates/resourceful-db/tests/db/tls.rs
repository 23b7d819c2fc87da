//! TLS to PostgreSQL.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use resourceful_db::Db;
use resourceful_test_parts::Postgres;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

async fn is_encrypted(url: &str) -> Result<bool, String> {
    let db = Db::connect(url).await.map_err(|error| error.to_string())?;
    let ssl = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let ssl = Statement::from_string(DbBackend::Postgres, ssl);
    let row = db
        .query_one_raw(ssl)
        .await
        .map_err(|error| error.to_string())?;
    Ok(row.unwrap().try_get("", "ssl").unwrap())
}

#[tokio::test]
async fn certificates_are_verified() {
    let (own, strange) = (authority(), authority());
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    std::fs::write(file("own.pem"), own.pem()).unwrap();
    std::fs::write(file("strange.pem"), strange.pem()).unwrap();
    let key = KeyPair::generate().unwrap();
    let names = vec!["localhost".to_owned()];
    let certificate = CertificateParams::new(names)
        .unwrap()
        .signed_by(&key, &own)
        .unwrap();

    let mut server = Postgres::start();
    let url = |host: &str, query: &str| {
        let url = server.url().replace("127.0.0.1", host);
        format!("{url}?{query}")
    };
    let root = |name: &str| format!("sslmode=require&sslrootcert={}", file(name).display());
    let (plain, preferred) = (
        url("127.0.0.1", "sslmode=disable"),
        url("127.0.0.1", "sslmode=prefer"),
    );
    let (required, strange) = (
        url("localhost", &root("own.pem")),
        url("localhost", &root("strange.pem")),
    );
    let (other_name, default) = (url("127.0.0.1", &root("own.pem")), server.url());
    let of_system = url("localhost", "sslmode=require");

    // A server without TLS.
    assert_eq!(is_encrypted(&preferred).await, Ok(false));
    is_encrypted(&required).await.unwrap_err();

    server.with_certificate(&certificate.pem(), &key.serialize_pem());
    assert_eq!(is_encrypted(&plain).await, Ok(false));
    assert_eq!(is_encrypted(&preferred).await, Ok(true));
    assert_eq!(is_encrypted(&default).await, Ok(true));
    assert_eq!(is_encrypted(&required).await, Ok(true));
    for wrong in [&strange, &other_name, &of_system] {
        let error = is_encrypted(wrong).await.unwrap_err();
        assert!(error.contains("certificate"), "{error}");
    }
    let invalid = Db::connect("postgres://localhost/a?sslmode=maybe").await;
    invalid.unwrap_err();
}

/// The URL is read twice: for TLS here, and by the driver.
#[tokio::test]
async fn other_parameters_of_the_url_are_kept() {
    let url = crate::dbs::postgres_url();
    for (parameters, expected) in [
        ("sslmode=disable&application_name=a%20b+c%26d", "a b+c&d"),
        ("application_name=e&sslmode=prefer", "e"),
        ("options=-c%20search_path%3Da&application_name=f", "f"),
        ("sslmode=prefer", "resourceful"),
    ] {
        let db = Db::connect(&format!("{url}?{parameters}")).await.unwrap();
        let show = Statement::from_string(DbBackend::Postgres, "SHOW application_name");
        let row = db.query_one_raw(show).await.unwrap().unwrap();
        let name: String = row.try_get("", "application_name").unwrap();
        assert_eq!(name, expected, "{parameters}");
    }
}
