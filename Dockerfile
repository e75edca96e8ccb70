# PixlStash in a container: `docker build -t pixlstash .`, then see "With Docker" in README.md.

# What comes in besides: `--build-arg PLUGINS="wd-tagger faces ocr clip joycaption"`, any of them. The last two need
# torch, which is gigabytes for NVIDIA's GPUs: this index has it for CPUs, https://download.pytorch.org/whl/cu130 for those.
ARG PLUGINS=""
ARG TORCH="https://download.pytorch.org/whl/cpu"

# Wheels of everything, the browser UI in one of them. Node comes from PyPI, for this stage only.
FROM python:3.11-slim AS build
ARG PLUGINS
ARG TORCH
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /source
COPY constraints.txt ./
COPY pixlstash-core pixlstash-core
COPY pixlstash-web pixlstash-web
COPY pixlstash-plugins pixlstash-plugins
RUN for name in $PLUGINS; do set -- "$@" "./pixlstash-plugins/$name[cpu,local]"; done; \
    pip wheel --no-cache-dir -c constraints.txt ${PLUGINS:+--extra-index-url $TORCH} -w /wheels \
    "./pixlstash-core[heif,search,video,watch]" ./pixlstash-web ./pixlstash-plugins/compat ./pixlstash-plugins/demo \
    ./pixlstash-plugins/generation ./pixlstash-plugins/learned "$@"

FROM python:3.11-slim
ARG PLUGINS
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PYTHONUNBUFFERED=1
ENV PIXLSTASH_LIBRARY=/library PIXLSTASH_MODELS=/models PIXLSTASH_INSTALLATION=docker
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    for name in $PLUGINS; do set -- "$@" "pixlstash-$name[cpu,local]"; done; \
    pip install --no-cache-dir --no-index --find-links /wheels \
    "pixlstash-core[heif,search,video,watch]" pixlstash-web pixlstash-compat pixlstash-demo pixlstash-generation \
    pixlstash-learned "$@" \
    && useradd --create-home --uid 1000 pixlstash \
    && install -d -o pixlstash -g pixlstash -m 700 /library /models
USER pixlstash
VOLUME /library /models
EXPOSE 8020
# As the first process of a container it would not hear SIGTERM before the server stands.
STOPSIGNAL SIGINT
HEALTHCHECK --start-period=30s --timeout=5s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8020/healthz', timeout=4)"]
ENTRYPOINT ["pixlstash"]
# Other machines can reach it, so it demands that its owner sets a password; the log holds the link that makes one.
CMD ["serve", "--host", "0.0.0.0"]
