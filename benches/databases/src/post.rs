//! The resource that all contenders serve: rows of the table `blog_post`.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, SubsecRound, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};

/// A post in a list.
#[derive(Clone, Debug, Serialize)]
pub struct PostRow {
    pub id: i64,
    pub title: String,
    pub slug: String,
    pub created_at: DateTime<Utc>,
}

/// A post.
#[derive(Clone, Debug, Serialize)]
pub struct Post {
    pub id: i64,
    pub title: String,
    pub slug: String,
    pub content: String,
    pub published: bool,
    pub views: i64,
    pub author_id: Option<i64>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
}

/// The body of a new post.
#[derive(Clone, Debug, Deserialize, Validate)]
pub struct NewPost {
    #[garde(length(min = 1, max = 200))]
    pub title: String,
    #[garde(skip)]
    pub content: String,
    #[garde(skip)]
    pub published: bool,
}

/// The body of a change.
#[derive(Clone, Debug, Deserialize, Validate)]
pub struct PostChanges {
    #[garde(length(min = 1, max = 200))]
    pub title: String,
    /// The version that is changed.
    #[garde(skip)]
    pub version: i64,
}

/// A new row. `views` is 0, `author_id` null and `version` 1.
#[derive(Clone, Debug)]
pub struct Draft {
    pub title: String,
    pub slug: String,
    pub content: String,
    pub published: bool,
    pub created_at: DateTime<Utc>,
}

impl NewPost {
    /// The row, with a slug that no other row has.
    #[must_use]
    pub fn into_draft(self) -> Draft {
        Draft {
            slug: new_slug(&self.title),
            title: self.title,
            content: self.content,
            published: self.published,
            created_at: now(),
        }
    }
}

/// The time, as exact as PostgreSQL stores it.
#[must_use]
pub fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

/// The title in small letters, with a number, so that clients can send the same body again.
#[must_use]
pub fn new_slug(title: &str) -> String {
    // The servers of one round share a table.
    static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| {
        let process = u64::from(std::process::id()) * 1_000_000_000;
        AtomicU64::new(now().timestamp_micros().cast_unsigned() + process)
    });
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut slug = String::with_capacity(title.len() + 17);
    for character in title.chars() {
        if character.is_ascii_alphanumeric() {
            slug.push(character.to_ascii_lowercase());
        } else if !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.push('-');
    slug + &number.to_string()
}

/// A page by its number.
#[derive(Debug, Serialize)]
pub struct Page {
    pub posts: Vec<PostRow>,
    pub pagination: PageNumber,
}

/// The position of a [`Page`].
#[derive(Debug, Serialize)]
pub struct PageNumber {
    pub page: i64,
    pub limit: i64,
    pub total: i64,
    pub has_next: bool,
}

/// A page after a row.
#[derive(Debug, Serialize)]
pub struct Feed {
    pub posts: Vec<PostRow>,
    pub pagination: Position,
}

/// The position of a [`Feed`].
#[derive(Debug, Serialize)]
pub struct Position {
    pub limit: i64,
    pub next: Option<String>,
    pub has_next: bool,
}

impl Page {
    #[must_use]
    pub fn new(posts: Vec<PostRow>, page: i64, limit: i64, total: i64) -> Self {
        let has_next = page * limit < total;
        let pagination = PageNumber {
            page,
            limit,
            total,
            has_next,
        };
        Self { posts, pagination }
    }
}

impl Feed {
    /// `posts` has one more than `limit` if there is a next page.
    #[must_use]
    pub fn new(mut posts: Vec<PostRow>, limit: i64) -> Self {
        let length = usize::try_from(limit).unwrap_or_default();
        let has_next = posts.len() > length;
        posts.truncate(length);
        let last = posts.last().filter(|_| has_next);
        let next = last.map(|last| format!("{}.{}", last.created_at.timestamp_micros(), last.id));
        Self {
            posts,
            pagination: Position {
                limit,
                next,
                has_next,
            },
        }
    }
}

/// The row before a page, as `{microseconds}.{id}`: neither signed nor bound to a filter.
#[derive(Clone, Copy, Debug)]
pub struct Cursor {
    pub created_at: DateTime<Utc>,
    pub id: i64,
}

impl Cursor {
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (time, id) = text.split_once('.')?;
        let created_at = DateTime::from_timestamp_micros(time.parse().ok()?)?;
        Some(Self {
            created_at,
            id: id.parse().ok()?,
        })
    }
}
