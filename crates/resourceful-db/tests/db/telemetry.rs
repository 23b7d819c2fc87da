//! Spans and metrics. Neither has the values of a statement.

use std::io::Write;
use std::sync::{Arc, Mutex};

use resourceful_db::{Db, DbError};
use sea_orm::{ConnectionTrait, Statement};
use tracing_subscriber::fmt::format::FmtSpan;

use crate::dbs::{both, execute};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[tokio::test]
async fn spans_have_the_statement_and_never_its_values() {
    // The span is known to `tracing` before: one that another thread, which has no subscriber, meets first would be
    // off for this one, too.
    let databases = both(Db::options()).await;
    for db in &databases {
        execute(&db.db, "CREATE TABLE t (name text UNIQUE)").await;
    }
    let log = Log::default();
    let writer = log.clone();
    // With one subscriber alone, tracing asks the thread that first comes to a span whether it is enabled: another test's
    // thread has none, and would disable it for all.
    let _other = tracing::Dispatch::new(tracing_subscriber::registry());
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_span_events(FmtSpan::NEW)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing_subscriber::util::SubscriberInitExt::set_default(subscriber);
    let systems = ["sqlite", "postgresql"];
    for (db, system) in databases.into_iter().zip(systems) {
        let insert =
            |sql: &str| Statement::from_sql_and_values(db.backend(), sql, ["geheim".into()]);
        let on_db = insert("INSERT INTO t (name) VALUES ($1)");
        db.execute_raw(on_db.clone()).await.unwrap();
        let error = DbError::from(db.execute_raw(on_db).await.unwrap_err());
        assert!(
            !format!("{error} {error:?}").contains("geheim"),
            "{error:?}"
        );
        let tx = db.begin().await.unwrap();
        let on_tx = insert("SELECT name AS of_tx FROM t WHERE name = $1");
        assert!(tx.query_one_raw(on_tx).await.unwrap().is_some());
        tx.commit().await.unwrap();
        let text = log.text();
        for part in [
            "db.query",
            system,
            "INSERT INTO t (name) VALUES ($1)",
            "AS of_tx",
        ] {
            assert!(text.contains(part), "{part}");
        }
    }
    assert!(!log.text().contains("geheim"), "{}", log.text());
}

#[cfg(feature = "metrics")]
#[test]
fn metrics_count_statements_waits_and_connections() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    metrics::with_local_recorder(&recorder, || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(async {
            for db in both(Db::options()).await {
                execute(&db.db, "CREATE TABLE t (n bigint)").await;
                for _ in 0..10 {
                    execute(&db.db, "INSERT INTO t VALUES (1)").await;
                }
            }
        });
    });
    let text = handle.render();
    for line in [
        "db_client_statements{db_system_name=\"sqlite\"} 11",
        "db_client_connection_count{db_client_connection_state=\"used\"} 1",
        "db_client_connection_pending_requests",
        "db_client_connection_wait_time",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(text.contains("db_system_name=\"postgresql\""));
}
