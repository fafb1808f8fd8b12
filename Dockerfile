# The grader in a container, for machines without bubblewrap. Not built where this was written.
#   docker build -t workbook .
#   mkdir -p graded
#   docker run --rm --network none --user "$(id -u):$(id -g)" --env HOME=/tmp \
#       --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined \
#       -v "$PWD/handed-in:/in:ro" -v "$PWD/graded:/out" workbook /in --out /out/run --seed 1234
# The sandbox makes user and mount namespaces, which Docker's own profiles forbid, and mounts a /proc, which Linux
# forbids while Docker masks parts of the container's: hence three options. For podman, the third is
# --security-opt unmask=ALL, and --userns keep-id goes with --user. They loosen what the container itself may do, so
# give this image nothing but submissions, and no network. As you (--user), it can write into your folder graded.
# The machine itself must allow user namespaces, too: Ubuntu 24.04 and newer do so after
# sysctl kernel.apparmor_restrict_unprivileged_userns=0.
FROM python:3.11-slim-bookworm
RUN apt-get update \
 && apt-get install -y --no-install-recommends bubblewrap fonts-dejavu-core g++ \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /workbook
COPY . .
RUN python -m pip install --no-cache-dir -c constraints.txt -e '.[core,classroom]' \
 && chmod -R a+rX . && useradd --create-home grader && mkdir /out && chown grader /out
USER grader
ENTRYPOINT ["python", "-m", "workshop", "grade"]
