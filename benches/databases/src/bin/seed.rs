//! Fills the table of a new database: `seed URL ROWS`.

use resourceful_database_benches::{Result, sqlite};
use tokio_postgres::NoTls;

/// `{id}`, `{boolean}`, `{series}` and `{time}` differ between the databases.
const TABLE: &str = "
CREATE TABLE blog_post (
    id {id},
    title text NOT NULL,
    slug text NOT NULL UNIQUE,
    content text NOT NULL,
    published boolean NOT NULL,
    views bigint NOT NULL,
    author_id bigint,
    version bigint NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE INDEX blog_post_newest ON blog_post (published, created_at, id);
{series}
INSERT INTO blog_post (title, slug, content, published, views, author_id, version, created_at)
SELECT 'Post number ' || n, 'post-number-' || n, 'Some words of the post with the number ' || n, {true}, n * 7, NULL, 1, {time}
FROM numbers;";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, url, rows] = arguments.as_slice() else {
        return Err("usage: seed URL ROWS".into());
    };
    if url.starts_with("postgres") {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::spawn(connection);
        let sql = TABLE
            .replace("{id}", "bigserial PRIMARY KEY")
            .replace(
                "{series}",
                &format!("WITH numbers AS (SELECT n FROM generate_series(1, {rows}) n)"),
            )
            .replace("{true}", "true")
            .replace(
                "{time}",
                "timestamptz '2026-01-01T00:00:00.123456+00:00' + n * interval '1 minute'",
            );
        client.batch_execute(&sql).await?;
        Ok(client.batch_execute("VACUUM ANALYZE blog_post").await?)
    } else {
        let series = format!(
            "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {rows})"
        );
        let sql = TABLE
            .replace("{id}", "integer PRIMARY KEY")
            .replace("{series}", &series)
            .replace("{true}", "1")
            .replace(
                "{time}",
                "strftime('%Y-%m-%dT%H:%M:00.123456+00:00', '2026-01-01', n || ' minutes')",
            );
        let connection = sqlite::connect(url.trim_start_matches("sqlite://"))?;
        Ok(connection.execute_batch(&(sql + "ANALYZE;"))?)
    }
}
