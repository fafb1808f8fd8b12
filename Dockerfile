# The grader in a container, for machines without bubblewrap. Not built where this was written.
#   docker build -t workbook .
#   docker run --rm --network none --security-opt seccomp=unconfined --security-opt apparmor=unconfined \
#       -v "$PWD/handed-in:/in:ro" -v "$PWD/graded:/out" workbook /in --out /out/run --seed 1234
# The sandbox makes user and mount namespaces, which Docker's own profile forbids: hence the two options. They loosen
# what the container itself may do, so give this image nothing but submissions, and no network.
FROM python:3.11-slim-bookworm
RUN apt-get update \
 && apt-get install -y --no-install-recommends bubblewrap fonts-dejavu-core g++ \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /workbook
COPY . .
RUN python -m pip install --no-cache-dir -c constraints.txt -e '.[core,classroom]' \
 && useradd --create-home grader && mkdir /out && chown -R grader /out /workbook
USER grader
ENTRYPOINT ["python", "-m", "workshop", "grade"]
