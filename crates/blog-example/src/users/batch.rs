//! `GET /users/batch/?user_ids=1,2`

use resourceful::prelude::*;
use resourceful_client::Client;

use crate::error::BlogError;
use crate::external::{JsonObject, external_user, fetch};
use crate::new_post::WHITE_SPACE;

/// Maximum number of users per batch.
const MAX_BATCH: usize = 100;

/// The rules of [`parse_ids`] as a JSON Schema pattern.
fn ids_pattern() -> String {
    let blanks = format!("[{WHITE_SPACE},]*");
    let id = format!("-?[0-9]{{1,18}}[{WHITE_SPACE}]*");
    format!("^{blanks}{id}(,{blanks}{id}){{0,99}}(,{blanks})?$")
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub(crate) struct BatchQuery {
    /// Comma-separated ids, at most a hundred.
    #[schemars(required, regex(pattern = ids_pattern()), example = &"1,2,3")]
    #[garde(skip)]
    user_ids: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Batch {
    processed_users: Vec<BatchUser>,
    total_processed: usize,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum BatchUser {
    Found { user_id: String, data: JsonObject },
    Missing { user_id: String, error: String },
}

/// Makes one call per id, all at the same time.
pub(super) async fn fetch_batch(upstream: &Client, query: BatchQuery) -> Result<Batch, BlogError> {
    let user_ids = query.user_ids.unwrap_or_default();
    let ids = parse_ids(&user_ids)?;
    let user = async |id: &str| {
        let call = upstream.get("/users/{id}").param("id", id);
        external_user(fetch(call).await)
    };
    let results = gather(MAX_BATCH, ids.iter().map(|id| user(id))).await;
    let users = ids.iter().zip(results).map(|(id, result)| {
        let user_id = (*id).to_owned();
        match result {
            Ok(data) => BatchUser::Found { user_id, data },
            Err(error) => {
                tracing::warn!(
                    id,
                    error = error.to_string(),
                    "cannot fetch a user of the batch"
                );
                let error = error.detail().unwrap_or("Internal error").to_owned();
                BatchUser::Missing { user_id, error }
            }
        }
    });
    let processed_users: Vec<_> = users.collect();
    Ok(Batch {
        total_processed: processed_users.len(),
        processed_users,
    })
}

/// The ids as written. A text that is not an integer never reaches the upstream.
fn parse_ids(text: &str) -> Result<Vec<&str>, BlogError> {
    let ids: Vec<_> = text
        .split(',')
        .map(str::trim)
        .filter(|id| !id.is_empty())
        .collect();
    if ids.is_empty() {
        return Err(BlogError::NoUserIds);
    }
    let invalid = |detail: String| Error::invalid([FieldError::query("user_ids", detail)]);
    let is_integer = |id: &str| !id.starts_with('+') && id.parse::<i64>().is_ok();
    if ids.len() > MAX_BATCH {
        return Err(invalid(format!("has more than {MAX_BATCH} ids")).into());
    }
    if !ids.iter().all(|id| is_integer(id)) {
        return Err(invalid("must be integers with commas between them".to_owned()).into());
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_trimmed_and_blanks_skipped() {
        assert_eq!(parse_ids(" 1, ,2,,1 ").unwrap(), ["1", "2", "1"]);
        for blank in ["", " ", ",", " , "] {
            assert!(
                matches!(parse_ids(blank), Err(BlogError::NoUserIds)),
                "{blank:?}"
            );
        }
        for invalid in [
            "x",
            "1,x",
            "1.0",
            "+1",
            "1/../2",
            "٣",
            "99999999999999999999",
        ] {
            assert!(
                matches!(parse_ids(invalid), Err(BlogError::Request(_))),
                "{invalid:?}"
            );
        }
        assert_eq!(parse_ids(&"1,".repeat(100)).unwrap().len(), 100);
        assert!(parse_ids(&"1,".repeat(101)).is_err());
    }
}
