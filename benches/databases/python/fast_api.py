"""FastAPI with asyncpg, on PostgreSQL."""

import contextlib
import os
import socket
from datetime import UTC, datetime, timedelta
from typing import Annotated

import asyncpg
import uvicorn
from fastapi import FastAPI, HTTPException, Query
from process import announce, new_slug
from pydantic import BaseModel, Field

ROW = "id, title, slug, created_at"
ALL = "id, title, slug, content, published, views, author_id, version, created_at"
NEWEST = "ORDER BY created_at DESC, id DESC"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class PostRow(BaseModel):
    id: int
    title: str
    slug: str
    created_at: datetime


class Post(PostRow):
    content: str
    published: bool
    views: int
    author_id: int | None
    version: int


class Pagination(BaseModel):
    page: int
    limit: int
    total: int
    has_next: bool


class Page(BaseModel):
    posts: list[PostRow]
    pagination: Pagination


class Position(BaseModel):
    limit: int
    next: str | None
    has_next: bool


class Feed(BaseModel):
    posts: list[PostRow]
    pagination: Position


class NewPost(BaseModel):
    title: str = Field(min_length=1, max_length=200)
    content: str
    published: bool


class PostChanges(BaseModel):
    title: str = Field(min_length=1, max_length=200)
    version: int


@contextlib.asynccontextmanager
async def lifespan(app):
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], max_size=20) as app.state.pool:
        yield


app = FastAPI(lifespan=lifespan)
Limit = Annotated[int, Query(ge=1, le=100)]


@app.get("/posts")
async def list_posts(page: Annotated[int, Query(ge=1)] = 1, limit: Limit = 10) -> Page:
    async with app.state.pool.acquire() as connection:
        posts = await connection.fetch(
            f"SELECT {ROW} FROM blog_post WHERE published {NEWEST} LIMIT $1 OFFSET $2", limit, (page - 1) * limit
        )
        total = await connection.fetchval("SELECT count(*) FROM blog_post WHERE published")
    pagination = Pagination(page=page, limit=limit, total=total, has_next=page * limit < total)
    return Page(posts=[PostRow(**post) for post in posts], pagination=pagination)


@app.get("/feed")
async def feed(limit: Limit = 10, cursor: str | None = None) -> Feed:
    after, values = "", []
    if cursor:
        microseconds, id = cursor.split(".")
        after, values = "AND (created_at, id) < ($2, $3)", [EPOCH + timedelta(microseconds=int(microseconds)), int(id)]
    async with app.state.pool.acquire() as connection:
        posts = await connection.fetch(
            f"SELECT {ROW} FROM blog_post WHERE published {after} {NEWEST} LIMIT $1", limit + 1, *values
        )
    has_next, posts = len(posts) > limit, posts[:limit]
    last = (posts[-1]["created_at"] - EPOCH) // timedelta(microseconds=1) if has_next else None
    next = f"{last}.{posts[-1]['id']}" if has_next else None
    return Feed(posts=[PostRow(**post) for post in posts], pagination=Position(limit=limit, next=next, has_next=has_next))


@app.get("/posts/{id}")
async def item(id: int) -> Post:
    async with app.state.pool.acquire() as connection:
        post = await connection.fetchrow(f"SELECT {ALL} FROM blog_post WHERE id = $1 AND published", id)
    if post is None:
        raise HTTPException(404)
    return Post(**post)


async def insert(connection, new):
    return await connection.fetchrow(
        "INSERT INTO blog_post (title, slug, content, published, views, version, created_at) "
        f"VALUES ($1, $2, $3, $4, 0, 1, $5) RETURNING {ALL}",
        new.title, new_slug(new.title), new.content, new.published, datetime.now(UTC),
    )  # fmt: skip


@app.post("/posts", status_code=201)
async def create(new: NewPost) -> Post:
    async with app.state.pool.acquire() as connection:
        return Post(**await insert(connection, new))


@app.post("/checked", status_code=201)
async def create_checked(new: NewPost) -> Post:
    async with app.state.pool.acquire() as connection, connection.transaction():
        if await connection.fetchval("SELECT id FROM blog_post WHERE slug = $1", new_slug(new.title)):
            raise HTTPException(409)
        return Post(**await insert(connection, new))


@app.patch("/posts/{id}")
async def update(id: int, changes: PostChanges) -> Post:
    async with app.state.pool.acquire() as connection:
        post = await connection.fetchrow(
            "UPDATE blog_post SET title = $1, version = version + 1 "
            f"WHERE id = $2 AND published AND version = $3 RETURNING {ALL}",
            changes.title, id, changes.version,
        )  # fmt: skip
    if post is None:
        raise HTTPException(409)
    return Post(**post)


if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    announce(listener.getsockname())
    server = uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="warning"))
    server.run(sockets=[listener])
