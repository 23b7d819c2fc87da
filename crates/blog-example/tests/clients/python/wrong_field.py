from blog_client.models import NewPost

NewPost(titel="Hello", content="World")
