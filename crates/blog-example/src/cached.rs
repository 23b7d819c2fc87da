//! `/cached/` and `/cache/warm/`: what takes long is computed once and kept for five minutes.
//!
//! Coming from Django: `sync_to_async(cache.get)` and `cache.set` around a computation is
//! `get_or_compute`, which also computes once when many ask at the same time.

use std::time::Duration;

use chrono::{DateTime, SubsecRound, Utc};
use resourceful::prelude::*;
use resourceful_cache::Cache;
use tokio::time::sleep;

use crate::error::BlogError;

const TTL: Duration = Duration::from_mins(5);

const POPULAR: [&str; 4] = ["tech", "science", "business", "sports"];

#[derive(Debug, Deserialize, JsonSchema, Validate)]
struct CachedQuery {
    #[serde(default)]
    #[garde(skip)]
    #[schemars(example = &"tech")]
    category: String,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub(crate) struct Report {
    category: String,
    data: Vec<String>,
    generated_at: DateTime<Utc>,
}

impl Report {
    /// A second of work, as if for somebody else.
    async fn compute(category: &str) -> Result<Self> {
        sleep(Duration::from_secs(1)).await;
        Ok(Self {
            category: category.to_owned(),
            data: (0..100).map(|number| format!("item_{number}")).collect(),
            generated_at: Utc::now().trunc_subsecs(6),
        })
    }
}

/// `GET /cached/?category=`
pub(crate) async fn cached(cache: Cache, request: Request) -> Result<Json<Report>, BlogError> {
    let query: CachedQuery = request.query()?;
    let category = match query.category.as_str() {
        "" => "all",
        given => given,
    };
    let report = cache.get_or_compute(category, TTL, Report::compute(category));
    Ok(Json(report.await?))
}

pub(crate) fn about_cached() -> Description {
    Description::of("What takes long, computed once and kept for five minutes.")
        .tag("cache")
        .query::<CachedQuery>()
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Warmed {
    message: &'static str,
    successful: usize,
    failed: usize,
}

/// `POST /cache/warm/`: computes what is asked for most, all at the same time.
pub(crate) async fn warm(cache: Cache, _: Request) -> Result<Json<Warmed>> {
    let warm = async |category| {
        let report = Report::compute(category).await?;
        cache.set(category, &report, TTL).await
    };
    let outcomes = gather(POPULAR.len(), POPULAR.map(warm)).await;
    let failures = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
    let failed = failures
        .inspect(|error| tracing::warn!(error = error.to_string(), "a category was not warmed"))
        .count();
    Ok(Json(Warmed {
        message: "Cache warming completed",
        successful: outcomes.len() - failed,
        failed,
    }))
}

pub(crate) fn about_warm() -> Description {
    Description::of("Computes what is asked for most.")
}
