//! The blog on a database: writes posts, and checks the stored ones.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use resourceful_test_parts::Process;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use crate::Result;
use crate::raw::Raw;

/// Starts the blog on an SQLite file.
pub(crate) async fn start(database: &Path) -> Result<Process> {
    start_on(format!("sqlite://{}", database.display())).await
}

/// Starts the blog that was built into the same target directory.
pub(crate) async fn start_on(url: String) -> Result<Process> {
    let program = std::env::current_exe()?.with_file_name("blog-example");
    if !program.exists() {
        return Err("build it first: cargo build --release -p blog-example".into());
    }
    let mut command = Command::new(program);
    command.env("DATABASE_URL", url);
    command.env_remove("REDIS_URL");
    Ok(spawn_blocking(move || Process::start(&mut command)).await?)
}

/// Ends the blog without a graceful shutdown.
pub(crate) async fn kill(blog: Process) -> Result<()> {
    spawn_blocking(|| blog.stop("-KILL")).await?;
    Ok(())
}

/// Content of a post by its number; the lengths vary widely.
fn content(number: u32) -> String {
    format!("{number} ").repeat(10 + number as usize * 37 % 4_000)
}

/// Request that creates a post.
pub(crate) fn creation(number: u32) -> String {
    let title = number.to_string();
    let post = json!({"title": title, "content": content(number), "published": true}).to_string();
    format!(
        "POST /api/posts/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{post}",
        post.len()
    )
}

/// Numbers of the stored posts, and the faults of incomplete ones.
pub(crate) struct Posts(HashMap<u32, Option<String>>);

impl Posts {
    /// Reads all posts through the API.
    pub(crate) async fn read(blog: &Process) -> Result<Self> {
        let mut raw = Raw::connect(&blog.address).await?;
        let mut posts = HashMap::new();
        for page in 1.. {
            let path = format!("/api/post-list/?page={page}&limit=100");
            let list = get(&mut raw, &path).await?;
            for post in list["posts"].as_array().into_iter().flatten() {
                let number = post["title"].as_str().and_then(|title| title.parse().ok());
                let number = number.ok_or_else(|| format!("nobody wrote {post}"))?;
                let whole = get(&mut raw, &format!("/posts/{}/", post["id"])).await?;
                let is_whole = whole["content"] == content(number);
                let fault = (!is_whole).then(|| format!("{number} is not whole"));
                if posts.insert(number, fault).is_some() {
                    posts.insert(number, Some(format!("{number} is there twice")));
                }
            }
            if list["pagination"]["has_next"] != true {
                break;
            }
        }
        Ok(Self(posts))
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn contains(&self, number: u32) -> bool {
        self.0.contains_key(&number)
    }

    pub(crate) fn faults(&self) -> impl Iterator<Item = &String> {
        self.0.values().flatten()
    }
}

async fn get(raw: &mut Raw, path: &str) -> Result<Value> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    let answer = raw.ask(request).await?;
    if answer.status != 200 {
        return Err(format!("{path} answered {}", answer.status).into());
    }
    Ok(serde_json::from_slice(&answer.body)?)
}
