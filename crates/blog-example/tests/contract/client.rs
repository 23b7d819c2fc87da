//! `ResourceClient` with the types of the resource, over a socket.

use std::time::Duration;

use blog_example::new_post::NewPost;
use blog_example::posts::{Post, PostChanges, Posts, PostsPublish};
use blog_example::services::Services;
use blog_example::settings::Settings;
use resourceful::{Change, FieldError, NoInput, OnItem, Unpaged};
use resourceful_client::{ResourceClient, ResourceError};

use crate::blog::Blog;

crate::on_both_databases! {
    a_post_is_created_changed_published_and_deleted,
    errors_are_problems,
}

/// A client of this blog on a socket.
async fn posts(blog: &Blog) -> ResourceClient<Posts> {
    let settings = Settings {
        bind: "127.0.0.1:0".to_owned(),
        database_url: blog.url.clone(),
        redis_url: None,
        upstream_base: blog.upstream.url().to_owned(),
        upstream_timeout: Duration::from_secs(1),
        webhook_secret: None,
        is_demo: false,
    };
    let app = blog_example::app(Services::open(&settings).await.unwrap());
    let server = app.bind(&settings.bind).await.unwrap();
    let url = format!("http://{}/api/posts/", server.local_addr());
    tokio::spawn(server.run());
    ResourceClient::new(&url).unwrap()
}

fn creme() -> NewPost {
    NewPost {
        title: "Crème Brûlée".to_owned(),
        content: "x".to_owned(),
        published: true,
    }
}

async fn a_post_is_created_changed_published_and_deleted(blog: Blog) {
    let posts = posts(&blog).await;
    let post = posts.create(&creme()).await.unwrap();
    let (id, title, slug) = (
        post.id,
        "Crème Brûlée".to_owned(),
        "creme-brulee".to_owned(),
    );
    assert_eq!(post, Post { id, title, slug });
    let page = posts.list(&Unpaged).await.unwrap();
    assert_eq!((page.total(), page.has_next()), (Some(1), false));
    assert_eq!(page.into_items(), [post]);

    let title = Change::Set("Flan".to_owned());
    let changes = PostChanges {
        title,
        ..Default::default()
    };
    let renamed = posts.update(&id, &changes).await.unwrap();
    assert_eq!((&*renamed.title, &*renamed.slug), ("Flan", "creme-brulee"));
    let published = Change::Set(false);
    let changes = PostChanges {
        published,
        ..Default::default()
    };
    let hidden = posts.update(&id, &changes).await.unwrap();
    assert_eq!(hidden, renamed); // unchanged fields were not sent
    assert_eq!(posts.list(&Unpaged).await.unwrap().items(), []);
    let shown = posts
        .call::<PostsPublish>(OnItem(id), NoInput)
        .await
        .unwrap();
    assert_eq!(posts.list(&Unpaged).await.unwrap().items(), [shown]);

    posts.destroy(&id).await.unwrap();
    let error = posts.destroy(&id).await.unwrap_err();
    assert!(
        error.status().is_some_and(|status| status == 404),
        "{error}"
    );
}

async fn errors_are_problems(blog: Blog) {
    let posts = posts(&blog).await;
    let blank = NewPost {
        title: " ".to_owned(),
        content: "\0".to_owned(),
        published: true,
    };
    let problem = match posts.create(&blank).await {
        Err(ResourceError::Problem(problem)) if problem.status() == 422 => problem,
        other => panic!("{other:?}"),
    };
    let locations = problem.errors().iter().map(FieldError::location);
    assert_eq!(locations.collect::<Vec<_>>(), ["/content", "/title"]);

    let error = posts.update(&7, &PostChanges::default()).await.unwrap_err();
    let problem = error.problem().unwrap();
    assert_eq!(problem.detail(), Some("Post not found"));
    assert_eq!(problem.member("error").unwrap(), "Post not found");
}
