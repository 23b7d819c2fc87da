//! Resources with a parent in their path.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use resourceful::prelude::*;
use resourceful::{Parents, Unpaged};
use serde_json::json;

#[derive(Serialize, JsonSchema)]
struct Task {
    id: i64,
    project: u32,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct NewTask {
    #[garde(skip)]
    id: i64,
}

/// The access sees the parent, too.
struct NotOfProject9;

impl Access<Tasks> for NotOfProject9 {
    type Caller = ();

    async fn check(tasks: &Tasks, request: &Request) -> Result<()> {
        match tasks.parent(request) {
            9 => Err(Error::forbidden("This project is closed.")),
            _ => Ok(()),
        }
    }
}

struct Tasks;

#[resource]
impl AsyncResource for Tasks {
    type Access = NotOfProject9;
    type Parent = u32;

    async fn list(&self, request: &Request, _: Unpaged) -> Result<Page<Task>> {
        let project = self.parent(request);
        Ok(Page::all(vec![Task { id: 1, project }]))
    }

    async fn create(&self, request: &Request, new: NewTask) -> Result<Task> {
        let project = self.parent(request);
        Ok(Task {
            id: new.id,
            project,
        })
    }

    async fn retrieve(&self, request: &Request, Unchecked(id): Unchecked<i64>) -> Result<Task> {
        let project = self.parent(request);
        Ok(Task { id, project })
    }

    #[action(POST, "close")]
    async fn close(&self, request: &Request, Unchecked(id): Unchecked<i64>) -> Result<String> {
        Ok(format!("{} {id}", self.parent(request)))
    }

    #[action(GET, "count")]
    async fn count(&self, request: &Request) -> Result<u32> {
        Ok(self.parent(request))
    }

    fn location_id(&self, task: &Task) -> Option<i64> {
        Some(task.id)
    }
}

const PATH: &str = "/projects/{project_id}/tasks";

#[tokio::test]
async fn each_hook_has_the_parent() {
    let client = TestClient::new(App::new().resource(PATH, Tasks)).unwrap();
    for (path, expected) in [
        ("/projects/7/tasks/1", json!({"id": 1, "project": 7})),
        ("/projects/7/tasks/count", json!(7)),
    ] {
        assert_eq!(client.get(path).await.json(), expected, "{path}");
    }
    let list = client.get("/projects/7/tasks").await.json();
    assert_eq!(list["tasks"][0]["project"], 7);
    assert_eq!(client.post("/projects/7/tasks/3/close").await.json(), "7 3");
    let created = client
        .post("/projects/7/tasks")
        .json(&json!({"id": 5}))
        .await;
    assert_eq!(created.status(), 201);
    assert_eq!(created.headers()["location"], "/projects/7/tasks/5");
    assert_eq!(created.json()["project"], 7);
    assert_eq!(client.get("/projects/9/tasks").await.status(), 403);
}

/// Also before the access is asked and before a body is read.
#[tokio::test]
async fn what_cannot_be_a_parent_is_404() {
    let client = TestClient::new(App::new().resource(PATH, Tasks)).unwrap();
    for parent in ["x", "-1", "+7", "007", "4294967296", "7.0", "%20", "7%2F"] {
        for request in [
            client.get(&format!("/projects/{parent}/tasks")),
            client.get(&format!("/projects/{parent}/tasks/1")),
            client
                .post(&format!("/projects/{parent}/tasks"))
                .body("no JSON"),
            client.post(&format!("/projects/{parent}/tasks/1/close")),
        ] {
            assert_eq!(request.await.status(), 404, "{parent}");
        }
    }
}

#[test]
fn the_document_has_the_type_of_the_parent() {
    let app = App::new().resource(PATH, Tasks).nest(
        "/teams/{team}",
        App::new().resource("/projects/{project_id}/tasks", Tasks),
    );
    let document = app.openapi().unwrap();
    let schemas = |path: &str, method: &str| {
        let operation = &document.as_value()["paths"][path][method];
        let parameters = operation["parameters"].as_array().unwrap().iter();
        let parameters = parameters.filter(|parameter| parameter["in"] == "path");
        let mut schemas: Vec<_> = parameters
            .map(|parameter| {
                (
                    parameter["name"].clone(),
                    parameter["schema"]["type"].clone(),
                )
            })
            .collect();
        schemas.sort_by_key(|(name, _)| name.to_string());
        json!(schemas)
    };
    let integer = |name| json!([name, "integer"]);
    assert_eq!(schemas(PATH, "post"), json!([integer("project_id")]));
    let item = "/projects/{project_id}/tasks/{id}";
    assert_eq!(
        schemas(item, "get"),
        json!([integer("id"), integer("project_id")])
    );
    assert_eq!(
        schemas(
            "/teams/{team}/projects/{project_id}/tasks/{id}/close",
            "post"
        ),
        json!([integer("id"), integer("project_id"), ["team", "string"]])
    );
    let responses = &document.as_value()["paths"][PATH]["get"]["responses"];
    assert!(responses.get("404").is_some());
}

/// Counts how often it is parsed.
#[derive(Clone, JsonSchema)]
struct Counted(i64);

static PARSED: AtomicUsize = AtomicUsize::new(0);

impl FromStr for Counted {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        PARSED.fetch_add(1, SeqCst);
        text.parse().map(Self)
    }
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

struct Comments;

#[resource]
impl AsyncResource for Comments {
    type Access = Public;
    type Parent = Parents<(String, Counted)>;

    async fn retrieve(&self, request: &Request, id: i64) -> Result<String> {
        let Parents((blog, post)) = self.parent(request);
        let Parents((_, again)) = self.parent(request);
        assert_eq!(post.0, again.0);
        Ok(format!("{blog} {post} {id}"))
    }
}

#[tokio::test]
async fn several_parents_are_parsed_once() {
    let app = App::new().resource("/blogs/{blog}/posts/{post}/comments/", Comments);
    let client = TestClient::new(app).unwrap();
    let comment = client.get("/blogs/a%20b/posts/7/comments/1/").await;
    assert_eq!(comment.json(), "a b 7 1");
    assert_eq!(PARSED.load(SeqCst), 1);
}

#[test]
fn a_path_without_the_parent_is_a_mistake() {
    let app = App::new()
        .resource("/tasks", Tasks)
        .resource("/{post}/comments", Comments);
    let errors = app.build().unwrap_err().to_string();
    assert!(
        errors.contains("`/tasks` is no path: it has 0 of the 1 parameters"),
        "{errors}"
    );
    assert!(errors.contains("it has 2 of the 3 parameters"), "{errors}");
    // The prefix of a nested application counts.
    let nested = App::new().nest("/projects/{project}", App::new().resource("/tasks", Tasks));
    assert!(nested.build().is_ok());
}
