"""Django REST Framework, on PostgreSQL, in gunicorn's threads."""

import os
import socket
import sys
from urllib.parse import urlsplit

import django
from django.conf import settings

URL = urlsplit(os.environ["DATABASE_URL"])
settings.configure(
    ALLOWED_HOSTS=["*"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": URL.path[1:],
            "USER": URL.username,
            "HOST": URL.hostname,
            "PORT": URL.port,
            "OPTIONS": {"pool": {"min_size": 1, "max_size": 20}},
        }
    },
    INSTALLED_APPS=["rest_framework"],
    # Without it a response has no `Content-Length`.
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "DEFAULT_PERMISSION_CLASSES": [],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "UNAUTHENTICATED_USER": None,
    },
    ROOT_URLCONF=__name__,
    TIME_ZONE="UTC",
    USE_TZ=True,
)
django.setup()

from django.db import models, transaction
from django.db.models import F
from django.urls import path
from django.utils import timezone
from gunicorn.app.base import BaseApplication
from process import announce, new_slug
from rest_framework import exceptions, pagination, serializers, viewsets
from rest_framework.response import Response


class Post(models.Model):
    id = models.BigAutoField(primary_key=True)
    title = models.TextField()
    slug = models.TextField(unique=True)
    content = models.TextField()
    published = models.BooleanField()
    views = models.BigIntegerField(default=0)
    author_id = models.BigIntegerField(null=True)
    version = models.BigIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        app_label = "blog"
        db_table = "blog_post"
        managed = False


class RowSerializer(serializers.ModelSerializer):
    class Meta:
        model = Post
        fields = ["id", "title", "slug", "created_at"]


class PostSerializer(serializers.ModelSerializer):
    title = serializers.CharField(min_length=1, max_length=200)

    class Meta:
        model = Post
        fields = ["id", "title", "slug", "content", "published", "views", "author_id", "version", "created_at"]
        read_only_fields = ["slug", "views", "author_id", "created_at"]


class Numbered(pagination.PageNumberPagination):
    page_size_query_param = "limit"
    page_size = 10
    max_page_size = 100

    def get_paginated_response(self, data):
        page = self.page
        position = {"page": page.number, "limit": page.paginator.per_page, "total": page.paginator.count}
        return Response({"posts": data, "pagination": position | {"has_next": page.has_next()}})


class Continued(pagination.CursorPagination):
    ordering = ("-created_at", "-id")
    page_size_query_param = "limit"
    page_size = 10
    max_page_size = 100

    def get_paginated_response(self, data):
        link = self.get_next_link()
        next = link.split("cursor=")[1].split("&")[0] if link else None
        return Response(
            {"posts": data, "pagination": {"limit": self.page_size, "next": next, "has_next": self.has_next}}
        )


class Posts(viewsets.ModelViewSet):
    queryset = Post.objects.filter(published=True)
    pagination_class = Numbered

    def get_queryset(self):
        if self.action == "list":
            return super().get_queryset().only("id", "title", "slug", "created_at").order_by("-created_at", "-id")
        return super().get_queryset()

    def get_serializer_class(self):
        return RowSerializer if self.action == "list" else PostSerializer

    def perform_create(self, serializer):
        serializer.save(slug=new_slug(serializer.validated_data["title"]), version=1)

    def perform_update(self, serializer):
        data = serializer.validated_data
        same = self.get_queryset().filter(pk=serializer.instance.pk, version=data["version"])
        if not same.update(title=data["title"], version=F("version") + 1):
            raise exceptions.ValidationError("changed meanwhile")
        serializer.instance.title = data["title"]
        serializer.instance.version = data["version"] + 1


class Checked(Posts):
    @transaction.atomic
    def perform_create(self, serializer):
        slug = new_slug(serializer.validated_data["title"])
        if Post.objects.filter(slug=slug).exists():
            raise exceptions.ValidationError("taken")
        serializer.save(slug=slug, version=1)


class Feed(Posts):
    pagination_class = Continued


urlpatterns = [
    path("posts", Posts.as_view({"get": "list", "post": "create"})),
    path("posts/<int:pk>", Posts.as_view({"get": "retrieve", "patch": "partial_update"})),
    path("checked", Checked.as_view({"post": "create"})),
    path("feed", Feed.as_view({"get": "list"})),
]


class Server(BaseApplication):
    """One worker, whose threads take the requests."""

    def load_config(self):
        self.cfg.set("bind", f"fd://{listener.fileno()}")
        self.cfg.set("worker_class", "gthread")
        self.cfg.set("threads", 32)
        self.cfg.set("loglevel", "error")
        self.cfg.set("keepalive", 60)

    def load(self):
        from django.core.wsgi import get_wsgi_application

        return get_wsgi_application()


if __name__ == "__main__":
    sys.argv = sys.argv[:1]
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    announce(listener.getsockname())
    Server().run()
