use resourceful::prelude::*;

async fn broken(_: Request) -> Result<()> {
    let secret = "the password is 1234";
    panic!("{secret}")
}

async fn broken_in_the_pool(_: Request) -> Result<()> {
    blocking(|| panic!("in the pool")).await
}

#[tokio::test]
async fn a_panic_is_a_500_that_keeps_its_secret() {
    let app = App::new()
        .get("/", public(broken))
        .get("/pool", public(broken_in_the_pool));
    let client = TestClient::new(app).unwrap();
    for path in ["/", "/pool"] {
        let response = client.get(path).await;
        assert_eq!(response.status(), 500);
        assert!(!response.text().contains("1234"));
        assert!(response.json()["request_id"].is_string());
    }
}

#[tokio::test]
async fn a_panicking_problem_hook_still_gets_a_response() {
    let app = App::new().map_problem(|_, _| panic!("in the hook"));
    let response = TestClient::new(app).unwrap().get("/").await;
    assert_eq!(response.status(), 404);
    assert_eq!(response.json()["title"], "Not Found");
}

/// A hand-written `ACTIONS` can name a hook that does not exist.
#[tokio::test]
async fn a_promised_hook_that_is_not_written_is_a_500() {
    struct Hollow;

    #[resource]
    impl AsyncResource for Hollow {
        const ACTIONS: Actions = Actions::of(&[Action::Retrieve, Action::List]);
        type Access = Public;
        type Parent = resourceful::NoParent;
        type Id = i64;

        async fn list(&self, _: &Request, _: Unpaged) -> Result<Page<i64>> {
            Ok(Page::all(vec![]))
        }
    }

    let client = TestClient::new(App::new().resource("/hollow", Hollow)).unwrap();
    assert_eq!(client.get("/hollow").await.status(), 200);
    assert_eq!(client.get("/hollow/1").await.status(), 500);
}
