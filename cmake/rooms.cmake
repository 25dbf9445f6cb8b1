# s3hls_room(NAME FILE...): one folder under src/ as a target that libraries, tests and fuzz targets pick from.
function(s3hls_room name)
  add_library(room_${name} OBJECT ${ARGN})
  target_include_directories(room_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include PRIVATE ${PROJECT_SOURCE_DIR}/src)
endfunction()
