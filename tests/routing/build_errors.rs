use resourceful::prelude::*;

use crate::fixture::{Posts, hello};

fn errors(app: App) -> Vec<String> {
    app.build().unwrap_err().iter().collect()
}

#[test]
fn all_mistakes_come_at_once_with_their_places() {
    let app = App::new()
        .get("no-slash", public(hello))
        .get("/a//b", public(hello))
        .get("/x{id}", public(hello))
        .get("/{id}/{id}", public(hello))
        .get("/sp ace", public(hello))
        .get("/../x", public(hello))
        .resource("/posts", Posts::default())
        .get("/posts", public(hello));
    let errors = errors(app);
    assert_eq!(errors.len(), 7, "{errors:#?}");
    assert!(
        errors
            .iter()
            .all(|error| error.contains("build_errors.rs:")),
        "{errors:#?}"
    );
    let twice = errors
        .iter()
        .find(|error| error.contains("registered twice"))
        .unwrap();
    assert!(
        twice.starts_with("GET `/posts` is registered twice, at "),
        "{twice}"
    );
    assert_eq!(twice.matches("build_errors.rs:").count(), 2, "{twice}");
}

#[test]
fn two_names_for_one_parameter_are_a_mistake() {
    let app = App::new()
        .get("/posts/{id}", public(hello))
        .post("/posts/{post}", public(hello));
    assert!(errors(app)[0].contains("are one path"));
}

#[test]
fn a_nested_resource_needs_a_name_of_its_own_for_the_id() {
    let app = App::new().resource("/posts/{id}/comments", Posts::default());
    assert!(errors(app)[0].contains("two parameters `id`"));
}

#[test]
fn parameters_of_different_names_may_begin_different_paths() {
    let app = App::new()
        .get("/users/{user}", public(hello))
        .get("/users/{id}/posts", public(hello))
        .get("/users/batch", public(hello));
    assert!(app.build().is_ok());
}

#[tokio::test]
async fn serve_reports_the_mistakes() {
    let error = App::new()
        .get("no-slash", public(hello))
        .serve("127.0.0.1:0")
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("`no-slash` is no path"),
        "{error}"
    );
}

#[test]
fn an_app_can_be_sent() {
    fn assert_send<T: Send>() {}
    fn assert_service<T: Clone + Send + Sync + 'static>() {}
    assert_send::<App>();
    assert_service::<resourceful::AppService>();
}
