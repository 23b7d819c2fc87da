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

#[test]
fn a_path_is_registered_in_its_one_spelling() {
    let app = App::new()
        .get("/caf%c3%a9", public(hello))
        .get("/a%2Db", public(hello));
    let errors = errors(app);
    assert!(
        errors[0].contains("its one spelling is `/caf%C3%A9`"),
        "{errors:?}"
    );
    assert!(
        errors[1].contains("its one spelling is `/a-b`"),
        "{errors:?}"
    );
}

#[test]
fn a_mount_has_no_parameters() {
    let inner = App::new().build().unwrap();
    let errors = errors(App::new().mount("/t/{tenant}/api", public(inner)));
    assert!(
        errors[0].contains("a mount has no parameters"),
        "{errors:?}"
    );
}

#[test]
fn a_view_cannot_serve_what_comes_by_itself() {
    struct Bad;

    impl AsyncView for Bad {
        const METHODS: &'static [http::Method] = &[http::Method::HEAD];
        type Access = Public;
        type Error = Error;
    }

    assert!(errors(App::new().view("/bad", Bad))[0].contains("HEAD cannot be registered"));
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
