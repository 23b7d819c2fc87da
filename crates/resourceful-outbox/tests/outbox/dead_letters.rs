//! The resource with the dead letters.

use std::sync::Arc;
use std::time::Duration;

use resourceful::prelude::*;
use resourceful_outbox::DeadLetters;

use crate::parts::{Act, Actions, AddEffect, Shop, Step, TIMEOUT, eventually, shared};

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_are_listed_retried_and_removed() {
    for shop in Shop::both().await {
        let actions = shared::<Actions>();
        for number in 1..=3 {
            // The fifth attempt succeeds: the first one after a retry.
            let mut steps = vec![Step::Fail; 4];
            steps.push(Step::Succeed);
            shop.enqueue(&Act { number, steps }).await;
        }
        let worker = || {
            let worker = shop.worker().concurrency(1);
            worker.job::<Act>(Arc::clone(&actions)).start().unwrap()
        };
        let first = worker();
        shop.idle().await;
        first.drain().await.unwrap();

        let resource = DeadLetters::<Public>::new(&shop.outbox, ());
        let client = TestClient::new(App::new().resource("/dead-letters", resource)).unwrap();
        let list = client.get("/dead-letters?limit=2").await.json();
        assert_eq!(list["pagination"]["total"], 3, "{list}");
        let letters = list["dead_letters"].as_array().unwrap();
        assert_eq!(letters.len(), 2);
        let newest = &letters[0];
        assert_eq!(newest["name"], "act");
        assert_eq!(newest["payload"]["number"], 3);
        assert_eq!(newest["attempts"], 4);
        let error = newest["error"].as_str().unwrap();
        assert!(error.contains("the mail server is away"), "{error}");

        let path = format!("/dead-letters/{}", newest["id"]);
        assert_eq!(client.get(&path).await.json(), *newest);
        assert_eq!(client.delete(&path).await.status(), 204);
        for status in [
            client.get(&path).await.status(),
            client.delete(&path).await.status(),
            client.post(&format!("{path}/retry")).await.status(),
        ] {
            assert_eq!(status, 404);
        }

        let retried = format!("/dead-letters/{}/retry", letters[1]["id"]);
        assert_eq!(client.post(&retried).await.status(), 204);
        assert_eq!(client.post(&retried).await.status(), 404, "it waits");
        assert_eq!(
            client.get("/dead-letters").await.json()["pagination"]["total"],
            1
        );
        // All its attempts again, which fail again: it counts them from 1.
        let second = worker();
        shop.idle().await;
        second.drain().await.unwrap();
        let list = client.get("/dead-letters").await.json();
        assert_eq!(list["pagination"]["total"], 2);
        assert_eq!(list["dead_letters"][0]["id"], letters[1]["id"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_backlog_has_jobs_that_are_due_and_dead_letters() {
    for shop in Shop::both().await {
        let counts = async || {
            let backlog = shop.outbox.backlog().await.unwrap();
            assert!(backlog.delay < TIMEOUT, "{backlog:?}");
            (backlog.due, backlog.delay > Duration::ZERO, backlog.dead)
        };
        assert_eq!(counts().await, (0, false, 0));
        // One for later, which does not wait for a worker.
        let tx = shop.db.begin().await.unwrap();
        let later = Duration::from_hours(1);
        let job = AddEffect(1);
        shop.outbox.enqueue_after(&tx, &job, later).await.unwrap();
        tx.commit().await.unwrap();
        let worker = shop.worker().job::<Act>(shared::<Actions>());
        let worker = worker.start().unwrap();
        let steps = vec![Step::Fail; 4];
        shop.enqueue(&Act { number: 1, steps }).await;
        eventually(async || counts().await == (0, false, 1)).await;

        // No worker has this type.
        shop.enqueue(&AddEffect(2)).await;
        shop.enqueue(&AddEffect(3)).await;
        eventually(async || counts().await == (2, true, 1)).await;
        worker.drain().await.unwrap();
    }
}
