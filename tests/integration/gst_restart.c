/* SPDX-License-Identifier: MIT-0 */
/* gst_restart TIMES PIPELINE: plays a pipeline to its end as often, with its elements kept; fails
 * if memory, threads or descriptors grow, or if the pipeline fails. */
#include <dirent.h>
#include <gst/gst.h>
#include <stdio.h>
#include <stdlib.h>

static int entries_of(const char *folder) {
    DIR *d = opendir(folder);
    int count = 0;
    while (d && readdir(d))
        count++;
    if (d)
        closedir(d);
    return count;
}

static long resident_kib(void) {
    long pages = 0, ignored;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file && fscanf(file, "%ld %ld", &ignored, &pages) != 2)
        pages = 0;
    if (file)
        fclose(file);
    return pages * 4;
}

/* @return whether it reached its end */
static gboolean play(GstElement *pipeline) {
    GstBus *bus = gst_element_get_bus(pipeline);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    GstMessage *message =
        gst_bus_timed_pop_filtered(bus, 30 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
    gboolean ended = message && GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS;
    if (message)
        gst_message_unref(message);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_bus_set_flushing(bus, TRUE);
    gst_bus_set_flushing(bus, FALSE);
    gst_object_unref(bus);
    return ended;
}

int main(int argc, char **argv) {
    gst_init(NULL, NULL);
    GError *error = NULL;
    GstElement *pipeline = argc == 3 ? gst_parse_launch(argv[2], &error) : NULL;
    if (!pipeline || error) {
        fprintf(stderr, "%s\n", error ? error->message : "usage: gst_restart TIMES PIPELINE");
        return 2;
    }
    int times = atoi(argv[1]), threads = 0, descriptors = 0;
    long memory = 0;
    for (int i = 1; i <= times; i++) {
        if (!play(pipeline)) {
            fprintf(stderr, "time %d: it did not reach its end\n", i);
            return 1;
        }
        if (i == times / 4) { /* caches are filled */
            memory = resident_kib();
            threads = entries_of("/proc/self/task");
            descriptors = entries_of("/proc/self/fd");
        }
    }
    long more = resident_kib() - memory;
    int threads_more = entries_of("/proc/self/task") - threads,
        open_more = entries_of("/proc/self/fd") - descriptors;
    printf("%d times: %ld KiB, %d threads, %d descriptors more than after a quarter\n", times, more,
           threads_more, open_more);
    gst_object_unref(pipeline);
    return more > 2048 || threads_more > 2 || open_more > 0; /* idle threads of GLib come and end */
}
