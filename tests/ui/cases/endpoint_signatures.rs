use resourceful::prelude::*;

struct A;
struct B;

#[endpoint]
fn not_async() -> Result<()> {
    Ok(())
}

#[endpoint]
async fn no_result() {}

#[endpoint]
async fn two_states(_a: &A, _b: &B) -> Result<()> {
    Ok(())
}

#[endpoint]
async fn generic<T>(_id: T) -> Result<()> {
    Ok(())
}

#[endpoint]
async fn body_twice(body: String, request: Request) -> Result<()> {
    Ok(())
}

#[endpoint]
async fn pattern((a, b): (i64, i64)) -> Result<()> {
    Ok(())
}

#[endpoint]
async fn not_an_id(_id: Vec<u8>) -> Result<()> {
    Ok(())
}

fn main() {}
