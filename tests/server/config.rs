//! `ServerConfig` and `AppConfig` from a file and from the environment.

use std::time::Duration;

use figment::Figment;
use figment::providers::{Format as _, Toml};
use figment::value::Value;
use resourceful::prelude::*;
use resourceful::{AppConfig, ServerConfig, TrailingSlash};

use super::{Raw, run};
use crate::fixture::app;

/// Variables as figment's `Env` provider reads them: every value is a text.
fn env(variables: &[(&str, &str)]) -> Figment {
    let mut figment = Figment::new();
    for (name, text) in variables {
        let value: Value = text.parse().unwrap();
        figment = figment.merge((name.to_lowercase(), value));
    }
    figment
}

#[test]
fn a_toml_file_sets_some_fields_and_keeps_the_defaults_of_the_others() {
    let toml = r#"
        header_read_timeout = "500ms"
        idle_timeout = "1m 15s"
        shutdown_timeout = "PT25S"
        http2_keep_alive_interval = "30s"
        max_header_bytes = 65536
        max_connections = 500
    "#;
    let config: ServerConfig = Figment::from(Toml::string(toml)).extract().unwrap();
    assert_eq!(config.header_read_timeout, Duration::from_millis(500));
    assert_eq!(config.idle_timeout, Duration::from_secs(75));
    assert_eq!(config.shutdown_timeout, Duration::from_secs(25));
    assert_eq!(config.http2_keep_alive_interval, Duration::from_secs(30));
    assert_eq!(config.max_header_bytes, 65_536);
    assert_eq!(config.max_connections, 500);
    let default = ServerConfig::default();
    assert_eq!(config.write_timeout, default.write_timeout);
    assert_eq!(config.max_headers, default.max_headers);
}

#[test]
fn the_environment_overrides_a_file() {
    let file = Figment::from(Toml::string("idle_timeout = \"30s\"\nmax_headers = 50"));
    let variables = [("IDLE_TIMEOUT", "75s"), ("MAX_CONNECTIONS", "500")];
    let config: ServerConfig = file.merge(env(&variables)).extract().unwrap();
    assert_eq!(config.idle_timeout, Duration::from_secs(75));
    assert_eq!(config.max_connections, 500);
    assert_eq!(config.max_headers, 50);
}

#[test]
fn an_empty_file_has_the_defaults() {
    let config: ServerConfig = Figment::new().extract().unwrap();
    assert_eq!(
        format!("{config:?}"),
        format!("{:?}", ServerConfig::default())
    );
}

#[test]
fn a_mistake_is_refused_with_the_key() {
    for (toml, key, fault) in [
        ("idle_timeot = \"75s\"", "idle_timeot", "idle_timeout"),
        ("idle_timeout = 75", "idle_timeout", "duration string"),
        ("idle_timeout = \"75\"", "idle_timeout", "unit"),
        ("idle_timeout = \"75 parsecs\"", "idle_timeout", "unit"),
        ("idle_timeout = \"-75s\"", "idle_timeout", "duration"),
        ("max_connections = \"many\"", "max_connections", "many"),
        ("max_connections = -1", "max_connections", "-1"),
    ] {
        let error = Figment::from(Toml::string(toml)).extract::<ServerConfig>();
        let error = error.unwrap_err().to_string();
        assert!(error.contains(key), "{toml}: {error}");
        assert!(error.contains(fault), "{toml}: {error}");
    }
}

#[tokio::test]
async fn a_server_uses_its_config() {
    let config = Figment::from(Toml::string("header_read_timeout = \"200ms\""));
    let server = app().bind("127.0.0.1:0").await.unwrap();
    let running = run(server.config(config.extract().unwrap()));
    let mut raw = Raw::connect(running.address).await;
    raw.send("GET / HTTP/1.1\r\n").await;
    let response = raw.read_to_end().await;
    assert!(response.starts_with("HTTP/1.1 408 "), "{response}");
}

/// The file of the guide: one table for the application, one for the server.
fn both() -> Figment {
    let file = "[app]\ntimeout = \"5s\"\ntrailing_slash = \"strict\"\n\
                trusted_hosts = [\"example.org\"]\n[server]\nidle_timeout = \"75s\"\n";
    Figment::from(Toml::string(file).nested())
}

#[test]
fn one_file_has_the_settings_of_the_application_and_of_the_server() {
    let app: AppConfig = both().select("app").extract().unwrap();
    assert_eq!(app.timeout, Duration::from_secs(5));
    assert_eq!(app.trailing_slash, TrailingSlash::Strict);
    assert_eq!(app.trusted_hosts, ["example.org"]);
    assert_eq!(app.max_body_size, AppConfig::default().max_body_size);
    let server: ServerConfig = both().select("server").extract().unwrap();
    assert_eq!(server.idle_timeout, Duration::from_secs(75));
}

#[test]
fn a_mistake_in_the_settings_of_the_application_is_refused_with_the_key() {
    for (toml, fault) in [
        ("timeuot = \"5s\"", "timeuot"),
        ("timeout = 5", "timeout"),
        ("trailing_slash = \"perhaps\"", "trailing_slash"),
        ("max_body_size = -1", "max_body_size"),
    ] {
        let error = Figment::from(Toml::string(toml)).extract::<AppConfig>();
        let error = error.unwrap_err().to_string();
        assert!(error.contains(fault), "{toml}: {error}");
    }
    let mut config = AppConfig::default();
    config.trusted_proxies.push("example.org".to_owned());
    let errors = App::new().config(config).build().unwrap_err().to_string();
    assert!(errors.contains("`example.org` is no address"), "{errors}");
    assert!(errors.contains("config.rs"), "{errors}");
}

#[tokio::test]
async fn an_application_uses_its_config() {
    async fn hang(_: Request) -> Result<()> {
        std::future::pending().await
    }
    let toml = "timeout = \"10ms\"\nmax_uri_length = 10\nroot_path = \"/api/\"\n";
    let config: AppConfig = Figment::from(Toml::string(toml)).extract().unwrap();
    let app = App::new().config(config).get("/hang", public(hang));
    let client = TestClient::new(app).unwrap();
    assert_eq!(client.get("/hang").await.status(), 503);
    assert_eq!(client.get("/hang?a=123456").await.status(), 414);
    assert_eq!(
        client.get("/hang/").await.headers()["location"],
        "/api/hang"
    );
}
