//! `/cached/` and `/cache/warm/`: slow computations, cached for five minutes.
//!
//! Coming from Django: `get_or_compute` replaces `sync_to_async(cache.get)`, the computation and
//! `cache.set`. Concurrent requests compute a value once.

use std::time::Duration;

use chrono::{DateTime, SubsecRound, Utc};
use resourceful::prelude::*;
use resourceful_cache::Cache;
use tokio::time::sleep;

use crate::error::BlogError;

const TTL: Duration = Duration::from_mins(5);

const POPULAR: [&str; 4] = ["tech", "science", "business", "sports"];

#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub(crate) struct CachedQuery {
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
    /// Simulates a second of work.
    async fn compute(category: &str) -> Result<Self> {
        sleep(Duration::from_secs(1)).await;
        Ok(Self {
            category: category.to_owned(),
            data: (0..100).map(|number| format!("item_{number}")).collect(),
            generated_at: Utc::now().trunc_subsecs(6),
        })
    }
}

/// A slow computation, cached for five minutes.
#[endpoint(tag = "cache")]
pub(crate) async fn cached(cache: &Cache, query: CachedQuery) -> Result<Json<Report>, BlogError> {
    let category = match query.category.as_str() {
        "" => "all",
        given => given,
    };
    let report = cache.get_or_compute(category, TTL, Report::compute(category));
    Ok(Json(report.await?))
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Warmed {
    message: &'static str,
    successful: usize,
    failed: usize,
}

/// Computes the popular categories.
#[endpoint]
pub(crate) async fn warm(cache: &Cache) -> Result<Json<Warmed>> {
    let compute = async |category| {
        let report = Report::compute(category).await?;
        cache.set(category, &report, TTL).await
    };
    let results = gather(POPULAR.len(), POPULAR.map(compute)).await;
    let failures = results.iter().filter_map(|result| result.as_ref().err());
    let failed = failures
        .inspect(|error| tracing::warn!(error = error.to_string(), "cannot warm a category"))
        .count();
    Ok(Json(Warmed {
        message: "Cache warming completed",
        successful: results.len() - failed,
        failed,
    }))
}
