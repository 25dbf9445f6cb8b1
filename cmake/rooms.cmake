# s3hls_room(NAME FILE...): one folder under src/ as a target that libraries, tests and fuzz targets pick from.
function(s3hls_room name)
  add_library(room_${name} OBJECT ${ARGN})
  target_include_directories(room_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include PRIVATE ${PROJECT_SOURCE_DIR}/src)
endfunction()

# s3hls_hot_room(NAME): each byte of video passes through it, so that it is built for speed.
function(s3hls_hot_room name)
  target_compile_options(room_${name} PRIVATE $<$<CONFIG:Release>:${S3HLS_HOT_FLAGS}>)
endfunction()
