import sys

from blog_client import Client
from blog_client.api.posts import posts_create, posts_list, posts_publish
from blog_client.models import InvalidProblem, NewPost, Post, PostsListPage

blog = Client(base_url=sys.argv[1])

refused = posts_create.sync(client=blog, body=NewPost(title=" ", content=""))
if isinstance(refused, InvalidProblem):
    for wrong in refused.errors:
        print(wrong.pointer, wrong.detail)

post = posts_create.sync(client=blog, body=NewPost(title="Hello", content="World"))
if not isinstance(post, Post):
    sys.exit(str(post))
posts_publish.sync(client=blog, id=post.id)

page = posts_list.sync(client=blog)
if isinstance(page, PostsListPage):
    for post in page.posts:
        print(post.title, post.slug)
