//! Rows of a table as the result of a hook.

use futures_util::{StreamExt as _, stream};
use resourceful::prelude::*;
use resourceful::{Csv, WithHeader};
use serde_json::json;

use super::{Raw, start};
use crate::fixture::Log;

#[derive(Clone, Serialize, JsonSchema)]
struct Row {
    title: String,
    id: i64,
    stars: Option<f32>,
}

fn row(title: &str, id: i64) -> Row {
    Row {
        title: title.to_owned(),
        id,
        stars: None,
    }
}

async fn text<T>(table: fn() -> Csv<T>) -> String
where
    T: Serialize + JsonSchema + Send + 'static,
{
    let view = move |_: Request| async move { Ok::<_, Error>(table()) };
    let client = TestClient::new(App::new().get("/", public(view))).unwrap();
    client.get("/").await.text().to_owned()
}

#[tokio::test]
async fn fields_are_quoted_by_rfc_4180() {
    let rows = || {
        Csv::new([
            row("plain", 1),
            row("a,b", 2),
            row("a \"b\"\nc", 3),
            row("", 4),
        ])
    };
    assert_eq!(
        text(rows).await,
        "title,id,stars\r\nplain,1,\r\n\"a,b\",2,\r\n\"a \"\"b\"\"\nc\",3,\r\n,4,\r\n"
    );
}

#[tokio::test]
async fn a_table_without_rows_has_its_names_in_the_order_of_the_struct() {
    assert_eq!(text(|| Csv::<Row>::new([])).await, "title,id,stars\r\n");
}

#[tokio::test]
async fn many_rows_are_all_there() {
    let text = text(|| Csv::new((0..10_000).map(|id| row("x", id)))).await;
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 10_001);
    assert_eq!((lines[65], lines[10_000]), ("x,64,", "x,9999,"));
}

#[tokio::test]
async fn formulas_are_kept_unless_the_table_is_for_spreadsheets() {
    let kept = text(|| Csv::new([row("=1+1", -5)])).await;
    assert_eq!(kept, "title,id,stars\r\n=1+1,-5,\r\n");
    let disarmed = text(|| {
        Csv::new([row("=1+1", -5), row("@a", 1), row("-7.5", 2), row("\ta", 3)]).for_spreadsheets()
    });
    assert_eq!(
        disarmed.await,
        "title,id,stars\r\n'=1+1,-5,\r\n'@a,1,\r\n-7.5,2,\r\n'\ta,3,\r\n"
    );
}

#[tokio::test]
async fn rows_that_are_no_flat_structs_are_a_500() {
    #[derive(Serialize, JsonSchema)]
    struct Short {
        #[serde(skip_serializing_if = "Option::is_none")]
        a: Option<i64>,
        b: i64,
    }
    let log = Log::default();
    let _listening = tracing::subscriber::set_default(log.subscriber(tracing::Level::ERROR));
    let pairs = text(|| Csv::new([(1, 2)])).await;
    assert!(pairs.contains("\"status\":500"), "{pairs}");
    let short = text(|| Csv::new([Short { a: None, b: 1 }])).await;
    assert!(short.contains("\"status\":500"), "{short}");
    assert!(log.text().contains("rows of a table must be structs"));
}

#[tokio::test]
async fn an_error_ends_the_connection_and_is_logged() {
    #[derive(Serialize, JsonSchema)]
    struct Nested {
        id: i64,
        more: Vec<i64>,
    }
    async fn failing(_: Request) -> Result<WithHeader<Csv<Row>>> {
        let rows = stream::iter([Ok(row("a", 1)), Err("the database is gone")]);
        Ok(Csv::from_stream(rows).with_header("x-table", "films"))
    }
    async fn nested(_: Request) -> Result<Csv<Nested>> {
        let long = |id| Nested {
            id,
            more: vec![id; 2],
        };
        Ok(Csv::new([long(1), long(2)]))
    }
    let log = Log::default();
    let _listening = tracing::subscriber::set_default(log.subscriber(tracing::Level::ERROR));
    let app = App::new()
        .get("/failing", public(failing))
        .get("/nested", public(nested));
    let running = start(app).await;
    for (path, error) in [
        ("failing", "the database is gone"),
        ("nested", "found record with 3 fields"),
    ] {
        let mut raw = Raw::connect(running.address).await;
        raw.send(&format!(
            "GET /{path} HTTP/1.1\r\nHost: x\r\nX-Request-Id: r-{path}\r\n\r\n"
        ))
        .await;
        let response = raw.read_to_end().await;
        // hyper may drop what it has not sent yet.
        assert!(!response.ends_with("\r\n0\r\n\r\n"), "{response}");
        let log = log.text();
        assert!(log.contains(error), "{log}");
        assert!(log.contains(&format!("r-{path}")), "{log}");
    }
}

/// A row is requested when those before it are sent.
#[tokio::test]
async fn rows_are_a_stream() {
    async fn endless(_: Request) -> Result<Csv<Row>> {
        Ok(Csv::from_stream(
            stream::iter(0..).map(|id| Ok::<_, Error>(row("x", id))),
        ))
    }
    let running = start(App::new().get("/", public(endless))).await;
    let mut raw = Raw::connect(running.address).await;
    raw.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(raw.read_until("x,100,").await.contains("title,id,stars"));
}

#[test]
fn the_document_has_the_schema_of_a_row() {
    async fn table(_: Request) -> Result<Csv<Row>> {
        Ok(Csv::new([]))
    }
    let document = App::new().get("/", public(table)).openapi().unwrap();
    let document = document.as_value();
    assert_eq!(
        document["paths"]["/"]["get"]["responses"]["200"]["content"],
        json!({"text/csv": {"schema": {
            "type": "string",
            "x-row-schema": {"$ref": "#/components/schemas/Row"},
        }}})
    );
    assert!(document["components"]["schemas"]["Row"].is_object());
}
