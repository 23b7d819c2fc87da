//! The contract of [`Broker`](resourceful_bus::Broker), which each broker keeps.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use resourceful_bus::{Bus, MemoryBroker, MessageId, Received, Topic};
use resourceful_test_parts::{Redis, postgres_database};

use crate::parts::{NUMBERS, bodies, message, postgres, receive, redis};

/// Two buses over one broker, as two processes have them.
struct Pair(Bus, Bus);

impl Pair {
    async fn keeps_the_contract(&self) {
        self.all_subscriptions_get_all_messages_in_one_order().await;
        self.topics_are_separate().await;
        self.long_messages_arrive().await;
        self.a_client_resumes_on_another_process().await;
        self.a_client_resumes_before_its_first_message().await;
        self.a_client_of_an_empty_topic_is_told_what_it_missed()
            .await;
        self.a_place_is_exact_while_others_publish().await;
        self.a_slow_subscription_is_told().await;
        self.a_dropped_future_loses_nothing().await;
        self.a_topic_is_left_and_joined_again().await;
        self.a_message_of_another_type_is_told().await;
        self.what_does_not_fit_is_refused().await;
    }

    async fn all_subscriptions_get_all_messages_in_one_order(&self) {
        const WRITERS: u32 = 8;
        const MESSAGES: u32 = 25;
        let topic = NUMBERS.of("order");
        let mut subscriptions = Vec::new();
        for bus in [&self.0, &self.1, &self.0, &self.1] {
            subscriptions.push(bus.subscribe(&topic).await.unwrap());
        }
        let writers = (0..WRITERS).map(|writer| {
            let bus = if writer % 2 == 0 { &self.0 } else { &self.1 };
            let (bus, topic) = (bus.clone(), topic.clone());
            tokio::spawn(async move {
                for number in 0..MESSAGES {
                    let body = writer * MESSAGES + number;
                    bus.publish(&topic, &body).await.unwrap();
                }
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
        let mut orders = Vec::new();
        for subscription in &mut subscriptions {
            let mut order = Vec::new();
            for _ in 0..WRITERS * MESSAGES {
                order.push(message(subscription).await);
            }
            orders.push(order);
        }
        let first = &orders[0];
        assert!(orders.iter().all(|order| order == first));
        for pair in first.windows(2) {
            assert_eq!(pair[0].0.next(), pair[1].0, "ids have no gaps");
        }
        for writer in 0..WRITERS {
            let of_writer = first.iter().map(|(_, body)| *body);
            let of_writer = of_writer.filter(|body| body / MESSAGES == writer);
            let expected = (0..MESSAGES).map(|number| writer * MESSAGES + number);
            assert!(
                of_writer.eq(expected),
                "each writer's messages are in order"
            );
        }
    }

    async fn topics_are_separate(&self) {
        let longest = "x".repeat(255 - "numbers/".len());
        let names = [
            "a",
            "a b",
            "a/b",
            "ä € 🦀",
            "",
            "*",
            "a'b\"c",
            "1 = 2",
            &*longest,
        ];
        let mut subscriptions = Vec::new();
        for name in names {
            subscriptions.push(self.0.subscribe(&NUMBERS.of(name)).await.unwrap());
        }
        for (number, name) in (0..).zip(names) {
            self.1.publish(&NUMBERS.of(name), &number).await.unwrap();
        }
        for (number, name) in (0..).zip(names) {
            self.1
                .publish(&NUMBERS.of(name), &(100 + number))
                .await
                .unwrap();
        }
        for (number, subscription) in (0..).zip(&mut subscriptions) {
            assert_eq!(bodies(subscription, 2).await, [number, 100 + number]);
        }
    }

    async fn long_messages_arrive(&self) {
        const TEXTS: Topic<String> = Topic::new("texts");
        let mut texts = self.0.subscribe(&TEXTS).await.unwrap();
        // Around the limits of `NOTIFY`, and of the bus.
        for length in [0, 7_800, 7_850, 7_900, 7_990, 8_000, 65_534] {
            for letter in ["x", "\u{1}"] {
                let text = letter.repeat(length / serde_json::to_string(letter).unwrap().len());
                self.1.publish(&TEXTS, &text).await.unwrap();
                assert_eq!(message(&mut texts).await.1, text);
            }
        }
    }

    async fn a_client_resumes_on_another_process(&self) {
        let topic = NUMBERS.of("resumed");
        let mut ids = Vec::new();
        for number in 0..300 {
            ids.push(self.0.publish(&topic, &number).await.unwrap());
        }
        let resume = async |last: &str| self.1.resume(&topic, Some(last)).await.unwrap();

        let mut after = resume(&ids[296].to_string()).await;
        assert_eq!(bodies(&mut after, 3).await, [297, 298, 299]);
        let mut newest = resume(&ids[299].to_string()).await;
        // The history has 256 messages: from 44 on.
        let mut oldest = resume(&ids[43].to_string()).await;
        assert_eq!(message(&mut oldest).await, (ids[44], 44));
        let mut older = resume(&ids[20].to_string()).await;
        assert_eq!(receive(&mut older).await, Received::Missed(Some(23)));
        assert_eq!(message(&mut older).await, (ids[44], 44));
        let future = ids[299].next().to_string();
        let mut lost = resume("1-1").await;
        assert_eq!(receive(&mut lost).await, Received::Missed(None));
        assert_eq!(message(&mut lost).await, (ids[44], 44));
        let mut unknown = Vec::new();
        for id in ["", "7", "-", "x-1", "9999999999999999999-1", &*future] {
            let mut subscription = resume(id).await;
            let told = receive(&mut subscription).await;
            assert_eq!(told, Received::Missed(None), "{id}");
            unknown.push(subscription);
        }
        let mut none = self.1.resume(&topic, None).await.unwrap();

        self.0.publish(&topic, &300).await.unwrap();
        let all = [&mut after, &mut newest, &mut none].into_iter();
        for subscription in all.chain(&mut unknown) {
            assert_eq!(message(subscription).await.1, 300);
        }
        let rest: Vec<_> = (45..=300).collect();
        assert_eq!(
            bodies(&mut older, 256).await,
            rest,
            "no message comes twice"
        );

        // The history is empty.
        let mut unknown = self
            .0
            .resume(&NUMBERS.of("new"), Some("1-1"))
            .await
            .unwrap();
        assert_eq!(receive(&mut unknown).await, Received::Missed(None));
    }

    async fn a_client_resumes_before_its_first_message(&self) {
        for earlier in [0, 3] {
            let topic = NUMBERS.of(format!("after {earlier}"));
            for number in 0..earlier {
                self.0.publish(&topic, &number).await.unwrap();
            }
            let mut places = Vec::new();
            let first = self.0.subscribe(&topic).await.unwrap();
            // The topic is heard already.
            let second = self.0.subscribe(&topic).await.unwrap();
            for subscription in [&first, &second] {
                places.push(subscription.place().unwrap());
            }
            // A client whose id is unknown has a place when it was told.
            let mut unknown = self.0.resume(&topic, Some("?")).await.unwrap();
            assert_eq!(unknown.place(), None);
            assert_eq!(receive(&mut unknown).await, Received::Missed(None));
            places.push(unknown.place().unwrap());
            drop((first, second, unknown));

            let resume = async |place: MessageId| {
                let place = place.to_string();
                self.1.resume(&topic, Some(&place)).await.unwrap()
            };
            let mut early = Vec::new();
            for place in &places {
                early.push(resume(*place).await);
            }
            for number in [7, 8] {
                self.0.publish(&topic, &number).await.unwrap();
            }
            for place in places {
                early.push(resume(place).await);
            }
            for mut subscription in early {
                assert_eq!(bodies(&mut subscription, 2).await, [7, 8]);
            }
        }
    }

    async fn a_client_of_an_empty_topic_is_told_what_it_missed(&self) {
        let topic = NUMBERS.of("was empty");
        let subscription = self.0.subscribe(&topic).await.unwrap();
        let place = subscription.place().unwrap();
        for number in 0..300 {
            self.0.publish(&topic, &number).await.unwrap();
        }
        let resume = async |id: &str| self.1.resume(&topic, Some(id)).await.unwrap();
        let mut resumed = resume(&place.to_string()).await;
        assert_eq!(receive(&mut resumed).await, Received::Missed(None));
        // Told alone, a client is told again.
        assert_eq!(resumed.place(), Some(place));
        let rest: Vec<_> = (44..300).collect();
        assert_eq!(bodies(&mut resumed, 256).await, rest);

        // A history has begun and ended in more than a day.
        for old in ["0-0", "0-1732800000000"] {
            let mut resumed = resume(old).await;
            assert_eq!(receive(&mut resumed).await, Received::Missed(None), "{old}");
            let next = self.0.publish(&topic, &300).await.unwrap();
            assert_eq!(message(&mut resumed).await, (next, 300));
        }
    }

    /// The first message that a subscription gets is the one after its place.
    async fn a_place_is_exact_while_others_publish(&self) {
        let topic = NUMBERS.of("places");
        self.0.publish(&topic, &0).await.unwrap();
        let (bus, places) = (self.0.clone(), topic.clone());
        let publish = tokio::spawn(async move {
            for number in 1.. {
                bus.publish(&places, &number).await.unwrap();
                tokio::task::yield_now().await;
            }
        });
        for round in 0..200 {
            let mut subscription = self.1.subscribe(&topic).await.unwrap();
            let place = subscription.place().unwrap();
            assert_eq!(message(&mut subscription).await.0, place.next(), "{round}");
        }
        publish.abort();
    }

    async fn a_slow_subscription_is_told(&self) {
        let topic = NUMBERS.of("slow");
        let mut slow = self.0.subscribe(&topic).await.unwrap();
        let mut fast = self.0.subscribe(&topic).await.unwrap();
        let mut behind = self.0.subscribe(&topic).await.unwrap();
        for number in 0..1000 {
            self.1.publish(&topic, &number).await.unwrap();
            assert_eq!(message(&mut fast).await.1, number);
            if number == 0 {
                assert_eq!(message(&mut slow).await.1, number);
            }
        }
        // The topic was empty when it began, so another history may have been there before this one.
        assert_eq!(receive(&mut behind).await, Received::Missed(None));
        let Received::Missed(Some(missed)) = receive(&mut slow).await else {
            panic!("a message that was dropped");
        };
        let missed = u32::try_from(missed).unwrap();
        assert!((400..1000).contains(&missed), "{missed}");
        let rest: Vec<_> = (missed + 1..1000).collect();
        assert_eq!(bodies(&mut slow, rest.len()).await, rest);
    }

    async fn a_dropped_future_loses_nothing(&self) {
        let topic = NUMBERS.of("dropped");
        let mut subscription = self.0.subscribe(&topic).await.unwrap();
        for number in 0..50 {
            self.1.publish(&topic, &number).await.unwrap();
            // Polled once and dropped, until it has the message.
            let body = loop {
                let mut receive = pin!(subscription.receive());
                let polled = poll_fn(|context| Poll::Ready(receive.as_mut().poll(context))).await;
                if let Poll::Ready(received) = polled {
                    break received;
                }
                tokio::task::yield_now().await;
            };
            assert!(matches!(body, Received::Message { body, .. } if body == number));
        }
    }

    async fn a_topic_is_left_and_joined_again(&self) {
        let topic = NUMBERS.of("left");
        for round in 0..50 {
            let mut subscription = self.0.subscribe(&topic).await.unwrap();
            self.1.publish(&topic, &round).await.unwrap();
            if round % 3 != 0 {
                assert_eq!(message(&mut subscription).await.1, round);
            }
            drop(subscription);
            if round % 5 == 0 {
                // Nobody hears it.
                self.1.publish(&topic, &1000).await.unwrap();
            }
        }
    }

    async fn a_message_of_another_type_is_told(&self) {
        const OLD: Topic<String> = Topic::new("changed");
        const NEW: Topic<u32> = Topic::new("changed");
        let mut messages = self.0.subscribe(&NEW).await.unwrap();
        self.1.publish(&OLD, &"seven".to_owned()).await.unwrap();
        self.1.publish(&NEW, &7).await.unwrap();
        assert_eq!(receive(&mut messages).await, Received::Missed(Some(1)));
        assert_eq!(message(&mut messages).await.1, 7);
    }

    async fn what_does_not_fit_is_refused(&self) {
        const TEXTS: Topic<String> = Topic::new("refused");
        let text = "x".repeat(65_535);
        assert_eq!(
            self.0.publish(&TEXTS, &text).await.unwrap_err().status(),
            500
        );
        for name in ["\0".to_owned(), "x".repeat(256)] {
            let topic = TEXTS.of(name);
            let published = self.0.publish(&topic, &String::new()).await;
            assert_eq!(published.unwrap_err().status(), 500);
            assert_eq!(self.0.subscribe(&topic).await.unwrap_err().status(), 500);
        }
    }
}

#[tokio::test]
async fn memory() {
    let broker = MemoryBroker::default();
    let pair = Pair(Bus::new(broker.clone()), Bus::new(broker));
    pair.keeps_the_contract().await;
}

#[tokio::test]
async fn redis_server() {
    for server in [Redis::start(), Redis::start_with_tls()] {
        let pair = Pair(redis(&server.url()), redis(&server.url()));
        pair.keeps_the_contract().await;
    }
}

/// They have the same channels.
#[tokio::test]
async fn databases_of_a_redis_server_are_separate() {
    let server = Redis::start();
    let [first, second] = [0, 1].map(|number| redis(&format!("{}/{number}", server.url())));
    let mut subscription = first.subscribe(&NUMBERS).await.unwrap();
    for number in 1..=3 {
        second.publish(&NUMBERS, &(10 * number)).await.unwrap();
        first.publish(&NUMBERS, &number).await.unwrap();
        assert_eq!(message(&mut subscription).await.1, number);
    }
}

#[tokio::test]
async fn postgres_database_server() {
    let url = postgres_database("bus");
    let pair = Pair(postgres(&url).await, postgres(&url).await);
    pair.keeps_the_contract().await;
}
